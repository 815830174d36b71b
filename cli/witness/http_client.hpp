#pragma once

#include "config/base/error.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace sluice::witness {

struct HttpAnswer {
    long status = 0;
    std::string body;
};

/// Asks one service over HTTP or HTTPS, by libcurl: certificates are checked, redirects are not followed, an
/// answer is at most 1 MiB and comes within 30 s. Thread: one.
class HttpClient {
public:
    /// `token` goes into the Authorization header; `authorities`: PEM file instead of the system's, or empty.
    HttpClient(std::string base_url, std::string token, std::filesystem::path authorities);
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    /// Error: retry, when there was no answer.
    [[nodiscard]] Result<HttpAnswer> get(const std::string& path);
    [[nodiscard]] Result<HttpAnswer> post_text(const std::string& path, const std::string& body);

private:
    struct Handle;
    [[nodiscard]] Result<HttpAnswer> perform(const std::string& path);

    std::string base_url_;
    std::string token_;
    std::filesystem::path authorities_;
    std::unique_ptr<Handle> handle_;
};

}  // namespace sluice::witness
