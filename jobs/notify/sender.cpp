#include "jobs/notify/sender.hpp"

#include "config/base/files.hpp"
#include "jobs/notify/message.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <memory>

#include <sys/stat.h>

#include <curl/curl.h>

namespace sluice::notify {
namespace {

using catalogue::Delivery;
using catalogue::DeliveryChannel;

constexpr long kConnectSeconds = 10;
constexpr long kWholeSeconds = 30;
constexpr std::size_t kMostSecretBytes = 4096;

struct Release {
    void operator()(CURL* curl) const noexcept { ::curl_easy_cleanup(curl); }
    void operator()(curl_slist* list) const noexcept { ::curl_slist_free_all(list); }
};
using Handle = std::unique_ptr<CURL, Release>;
using List = std::unique_ptr<curl_slist, Release>;

void add(List& list, const std::string& line) {
    list.reset(::curl_slist_append(list.release(), line.c_str()));
}

/// The answer's body says nothing that we need.
std::size_t drop(char*, std::size_t size, std::size_t count, void*) {
    return size * count;
}

struct Upload {
    std::string_view rest;
};
std::size_t give(char* into, std::size_t size, std::size_t count, void* from) {
    auto& upload = *static_cast<Upload*>(from);
    const std::size_t length = std::min(size * count, upload.rest.size());
    std::memcpy(into, upload.rest.data(), length);
    upload.rest.remove_prefix(length);
    return length;
}

void set_common(CURL* curl, const std::filesystem::path& authorities) {
    ::curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    ::curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
    ::curl_easy_setopt(curl, CURLOPT_TIMEOUT, kWholeSeconds);
    ::curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
    ::curl_easy_setopt(curl, CURLOPT_PROXY, "");
    if (!authorities.empty()) ::curl_easy_setopt(curl, CURLOPT_CAINFO, authorities.c_str());
}

Status perform(CURL* curl) {
    const CURLcode code = ::curl_easy_perform(curl);
    if (code == CURLE_OK) return {};
    return failure(Remedy::retry, ::curl_easy_strerror(code));
}

Status send_webhook(const config::Webhook& hook, const Delivery& delivery, UtcTime now) {
    const auto secret = read_secret(hook.secret_file);
    if (!secret) return std::unexpected(secret.error());
    const Handle curl{::curl_easy_init()};
    const std::string body = webhook_body(delivery);
    const std::string timestamp = std::to_string(to_epoch_us(now) / 1'000'000);
    List headers;
    add(headers, "Content-Type: application/json");
    add(headers, "Sluice-Delivery: " + to_string(delivery.id));
    add(headers, "Sluice-Timestamp: " + timestamp);
    add(headers, "Sluice-Signature: " + signature(*secret, timestamp, body));
    set_common(curl.get(), hook.authorities);
    ::curl_easy_setopt(curl.get(), CURLOPT_URL, hook.url.c_str());
    ::curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
    ::curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
    ::curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    ::curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.c_str());
    if (auto done = perform(curl.get()); !done) return done;
    long status = 0;
    ::curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200 && status < 300) return {};
    return failure(Remedy::retry, "the other side answered " + std::to_string(status));
}

Status send_mail(const config::Mail& mail, const Delivery& delivery, UtcTime now) {
    const Handle curl{::curl_easy_init()};
    std::string password;
    if (!mail.password_file.empty()) {
        auto secret = read_secret(mail.password_file);
        if (!secret) return std::unexpected(secret.error());
        password = std::move(*secret);
    }
    const std::string message = mail_message(delivery, {.from = mail.from, .to = delivery.target}, now);
    Upload upload{message};
    List recipients;
    add(recipients, "<" + delivery.target + ">");
    const std::string from = "<" + mail.from + ">";
    set_common(curl.get(), mail.authorities);
    ::curl_easy_setopt(curl.get(), CURLOPT_URL, mail.server.c_str());
    ::curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    // A server without TLS gets nothing, unless the configuration says that it needs none.
    ::curl_easy_setopt(
        curl.get(), CURLOPT_USE_SSL, static_cast<long>(mail.needs_tls ? CURLUSESSL_ALL : CURLUSESSL_TRY)
    );
    if (!mail.username.empty()) ::curl_easy_setopt(curl.get(), CURLOPT_USERNAME, mail.username.c_str());
    if (!password.empty()) ::curl_easy_setopt(curl.get(), CURLOPT_PASSWORD, password.c_str());
    ::curl_easy_setopt(curl.get(), CURLOPT_MAIL_FROM, from.c_str());
    ::curl_easy_setopt(curl.get(), CURLOPT_MAIL_RCPT, recipients.get());
    ::curl_easy_setopt(curl.get(), CURLOPT_READFUNCTION, give);
    ::curl_easy_setopt(curl.get(), CURLOPT_READDATA, &upload);
    ::curl_easy_setopt(curl.get(), CURLOPT_UPLOAD, 1L);
    return perform(curl.get());
}

}  // namespace

std::vector<catalogue::DeliveryTarget> targets_of(const config::Notify& notify) {
    std::vector<catalogue::DeliveryTarget> targets;
    targets.reserve(notify.webhooks.size() + notify.mail.recipients.size());
    for (const config::Webhook& hook : notify.webhooks)
        targets.push_back(
            {.channel = DeliveryChannel::webhook, .name = hook.name, .audiences = hook.audiences}
        );
    for (const config::Recipient& recipient : notify.mail.recipients)
        targets.push_back(
            {.channel = DeliveryChannel::mail, .name = recipient.address, .audiences = recipient.audiences}
        );
    return targets;
}

Status send(const config::Notify& notify, const catalogue::Delivery& delivery, UtcTime now) {
    if (delivery.channel == DeliveryChannel::mail) {
        const bool is_known =
            std::ranges::find(notify.mail.recipients, delivery.target, &config::Recipient::address) !=
            notify.mail.recipients.end();
        if (!is_known) return failure(Remedy::retry, "the address is not configured any more");
        return send_mail(notify.mail, delivery, now);
    }
    const auto hook = std::ranges::find(notify.webhooks, delivery.target, &config::Webhook::name);
    if (hook == notify.webhooks.end())
        return failure(Remedy::retry, "the webhook is not configured any more");
    return send_webhook(*hook, delivery, now);
}

Result<std::string> read_secret(const std::filesystem::path& file) {
    struct stat status{};
    if (::stat(file.c_str(), &status) == 0 && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return failure(
            Remedy::operator_acts, file.string() + " may be read by others than its owner; chmod 600 it"
        );
    auto text = read_text_file(file, kMostSecretBytes);
    if (!text) return text;
    while (text->ends_with('\n') || text->ends_with('\r'))
        text->pop_back();
    if (text->empty()) return failure(Remedy::operator_acts, file.string() + " is empty");
    return text;
}

}  // namespace sluice::notify
