#include "jobs/notify/message.hpp"

#include "config/base/base64.hpp"
#include "config/base/files.hpp"
#include "jobs/notify/sender.hpp"
#include "tests/support/temp_folder.hpp"

#include <filesystem>

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace sluice;
using namespace sluice::notify;

namespace {

catalogue::Delivery overdue() {
    catalogue::Delivery delivery;
    delivery.target = "office@example.org";
    delivery.notice.kind = catalogue::NoticeKind::copy_overdue;
    delivery.notice.audience = "secretariat";
    delivery.notice.due = from_rfc3339("2026-10-01T16:00:00Z").value();
    return delivery;
}

}  // namespace

TEST_CASE("a webhook's signature covers the time and the body", "[notify]") {
    // Computed with: printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac key
    CHECK(
        signature("key", "1700000000", "{\"a\":1}") ==
        "sha256=a438e398bfafc57e4396bb7fc2304422f0f768e965d073ca313cb52e22e6ad03"
    );
    CHECK(signature("key", "1700000001", "{\"a\":1}") != signature("key", "1700000000", "{\"a\":1}"));
    CHECK(signature("kex", "1700000000", "{\"a\":1}") != signature("key", "1700000000", "{\"a\":1}"));
}

TEST_CASE("what goes out says what kind, about what and until when", "[notify]") {
    const auto body = nlohmann::json::parse(webhook_body(overdue()));
    CHECK(body["kind"] == "copy_overdue");
    CHECK(body["subject"]["kind"] == "copy");
    CHECK(body["due"] == "2026-10-01T16:00:00.000000Z");
}

TEST_CASE("a mail is a whole message whose text comes back in Chinese", "[notify]") {
    const std::string mail = mail_message(
        overdue(),
        {.from = "cctv@example.org", .to = "office@example.org"},
        from_rfc3339("2026-11-26T02:45:09Z").value()
    );
    CHECK(mail.starts_with(
        "Date: Thu, 26 Nov 2026 02:45:09 +0000\r\nFrom: <cctv@example.org>\r\nTo: <office@example.org>\r\n"
    ));
    const auto head_end = mail.find("\r\n\r\n");
    REQUIRE(head_end != std::string::npos);
    CHECK(mail.find("\r\nSubject: =?UTF-8?B?") < head_end);
    std::string text = mail.substr(head_end + 4);
    std::erase(text, '\r');
    std::erase(text, '\n');
    const auto decoded = from_base64(text);
    REQUIRE(decoded);
    const std::string said{decoded->begin(), decoded->end()};
    CHECK(said.starts_with("複製品逾期未銷毀\r\nA copy is overdue\r\n"));
    CHECK(said.find("2026-10-01T16:00:00") != std::string::npos);
    for (std::size_t i = 0; i < mail.size(); ++i)
        if (mail[i] == '\n') CHECK(mail[i - 1] == '\r');
}

TEST_CASE("a secret that others may read is no secret", "[notify][disk]") {
    const test::TempFolder folder;
    const auto file = folder.path() / "hook.secret";
    REQUIRE(replace_file(file, "s3cret\n", 0640));
    CHECK_FALSE(read_secret(file));
    REQUIRE(::chmod(file.c_str(), 0600) == 0);
    CHECK(read_secret(file).value() == "s3cret");
    REQUIRE(replace_file(file, "\n", 0600));
    CHECK_FALSE(read_secret(file));
    CHECK_FALSE(read_secret(folder.path() / "none"));
}
