#include "cli/witness/http_client.hpp"

#include <utility>

#include <curl/curl.h>

namespace sluice::witness {
namespace {

constexpr std::size_t kMostBytes = 1U << 20U;
constexpr long kConnectSeconds = 10;
constexpr long kWholeSeconds = 30;

std::size_t take(char* data, std::size_t size, std::size_t count, void* into) {
    auto& body = *static_cast<std::string*>(into);
    const std::size_t length = size * count;
    if (body.size() + length > kMostBytes) return 0;  // ends the transfer with an error
    body.append(data, length);
    return length;
}

}  // namespace

struct HttpClient::Handle {
    CURL* curl = ::curl_easy_init();
    curl_slist* headers = nullptr;

    Handle() = default;
    ~Handle() {
        ::curl_slist_free_all(headers);
        ::curl_easy_cleanup(curl);
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

    void add_header(const std::string& line) { headers = ::curl_slist_append(headers, line.c_str()); }
    void reset() {
        ::curl_slist_free_all(std::exchange(headers, nullptr));
        ::curl_easy_reset(curl);
    }
};

HttpClient::HttpClient(std::string base_url, std::string token, std::filesystem::path authorities)
    : base_url_(std::move(base_url)),
      token_(std::move(token)),
      authorities_(std::move(authorities)),
      handle_(std::make_unique<Handle>()) {
    while (base_url_.ends_with('/'))
        base_url_.pop_back();
}

HttpClient::~HttpClient() = default;

Result<HttpAnswer> HttpClient::get(const std::string& path) {
    handle_->reset();
    return perform(path);
}

Result<HttpAnswer> HttpClient::post_text(const std::string& path, const std::string& body) {
    handle_->reset();
    handle_->add_header("Content-Type: text/plain; charset=utf-8");
    ::curl_easy_setopt(handle_->curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    ::curl_easy_setopt(handle_->curl, CURLOPT_COPYPOSTFIELDS, body.c_str());
    return perform(path);
}

Result<HttpAnswer> HttpClient::perform(const std::string& path) {
    CURL* const curl = handle_->curl;
    const std::string url = base_url_ + path;
    HttpAnswer answer;
    if (!token_.empty()) handle_->add_header("Authorization: Bearer " + token_);
    ::curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    ::curl_easy_setopt(curl, CURLOPT_HTTPHEADER, handle_->headers);
    ::curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    ::curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    ::curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
    ::curl_easy_setopt(curl, CURLOPT_TIMEOUT, kWholeSeconds);
    ::curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    ::curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
    if (!authorities_.empty()) ::curl_easy_setopt(curl, CURLOPT_CAINFO, authorities_.c_str());
    const CURLcode code = ::curl_easy_perform(curl);
    if (code != CURLE_OK) return failure(Remedy::retry, url + ": " + ::curl_easy_strerror(code));
    ::curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
    return answer;
}

}  // namespace sluice::witness
