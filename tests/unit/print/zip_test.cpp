#include "storage/print/zip.hpp"

#include "config/base/files.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_folder.hpp"

#include <chrono>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::print;

namespace {

constexpr UtcTime kThen = UtcTime{std::chrono::sys_days{std::chrono::year{2026} / 11 / 26}};

ZipMember member(const std::string& name, const std::string& content = "x") {
    return {.name = name, .content = content, .modified = kThen};
}

}  // namespace

TEST_CASE("another program reads the archive, names in Chinese and content of any bytes", "[print][zip]") {
    const std::string bytes{"\0\xff\n long ", 9};
    const std::vector<ZipMember> members{
        member("案卷.json", "{}"), member("附件/報案三聯單.pdf", bytes), member("empty", "")
    };
    const auto zip = make_zip(members);
    REQUIRE(zip);
    CHECK(make_zip(members) == zip);
    const test::TempFolder folder;
    const auto file = folder.path() / "case.zip";
    REQUIRE(replace_file(file, *zip, 0600));
    const std::string script =
        "import sys,zipfile\nz=zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\n"
        "assert z.namelist()==['案卷.json','附件/報案三聯單.pdf','empty'],z.namelist()\n"
        "assert z.read('附件/報案三聯單.pdf')==b'\\0\\xff\\n long '\nassert "
        "z.read('empty')==b''\nprint('well')\n";
    const auto read = test::run_to_end({"/usr/bin/python3", "-c", script, file.string()}, 30s);
    REQUIRE(read);
    CHECK(read->output == "well\n");
    INFO(read->errors);
}

TEST_CASE("no member leaves the folder or stands twice", "[print][zip]") {
    for (const char* name : {"", "/etc/passwd", "../x", "a/../b", "a//b", "a/", "a\\b", "./a"}) {
        CAPTURE(name);
        const std::vector<ZipMember> members{member(name)};
        CHECK_FALSE(make_zip(members));
    }
    const std::vector<ZipMember> twice{member("a"), member("a")};
    CHECK_FALSE(make_zip(twice));
    CHECK(
        member_name("../a/b:c\n") ==
        "__"
        "_a_b_c_"
    );
    CHECK(member_name("報案 三聯單.pdf") == "報案 三聯單.pdf");
    CHECK(member_name("") == "_");
}
