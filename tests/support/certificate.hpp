#pragma once

#include "tests/support/process.hpp"

#include <chrono>
#include <filesystem>
#include <string>

#include <catch2/catch.hpp>

namespace sluice::test {

/// Of 127.0.0.1, signed by itself, over whatever the two files held.
inline void make_certificate(
    const std::filesystem::path& certificate,
    const std::filesystem::path& key,
    const std::string& name
) {
    const auto made = run_to_end(
        {"openssl",
         "req",
         "-x509",
         "-newkey",
         "ec",
         "-pkeyopt",
         "ec_paramgen_curve:prime256v1",
         "-nodes",
         "-days",
         "2",
         "-subj",
         "/CN=" + name,
         "-addext",
         "subjectAltName=IP:127.0.0.1",
         "-keyout",
         key.string(),
         "-out",
         certificate.string()},
        std::chrono::seconds{20}
    );
    REQUIRE(made);
    REQUIRE(made->status.code == 0);
}

}  // namespace sluice::test
