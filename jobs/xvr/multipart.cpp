#include "jobs/xvr/multipart.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace sluice::xvr {
namespace {

constexpr std::size_t kBoundaryLimit = 70;
constexpr auto kNowhere = std::string::npos;

char to_lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

/// Where `word`, which is in lower case, begins in `text` whatever its case.
std::size_t find_word(std::string_view text, std::string_view word) {
    const auto found =
        std::ranges::search(text, word, [](char one, char other) { return to_lower(one) == other; });
    return found.empty() ? kNowhere : static_cast<std::size_t>(found.begin() - text.begin());
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view blank = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(blank);
    if (begin == kNowhere) return {};
    return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

/// Behind the blank line that ends a header; npos: it has not come.
std::size_t end_of_header(std::string_view text) {
    std::size_t end = kNowhere;
    for (const std::string_view blank : {"\r\n\r\n", "\n\n"})
        if (const std::size_t found = text.find(blank); found != kNowhere)
            end = std::min(end, found + blank.size());
    return end;
}

std::optional<std::size_t> content_length(std::string_view header) {
    constexpr std::string_view name = "content-length:";
    const std::size_t found = find_word(header, name);
    if (found == kNowhere) return std::nullopt;
    std::string_view value = header.substr(found + name.size());
    value = trim(value.substr(0, value.find('\n')));
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
    if (error != std::errc{} || end != value.data() + value.size() || length > kBodyLimit)
        return std::nullopt;
    return length;
}

}  // namespace

std::optional<std::string> boundary_of(std::string_view content_type) {
    constexpr std::string_view name = "boundary=";
    if (find_word(content_type, "multipart/") != 0) return std::nullopt;
    const std::size_t found = find_word(content_type, name);
    if (found == kNowhere) return std::nullopt;
    std::string_view value = content_type.substr(found + name.size());
    if (value.starts_with('"')) {
        value.remove_prefix(1);
        value = value.substr(0, value.find('"'));
    } else {
        value = trim(value.substr(0, value.find(';')));
    }
    // Some firmware counts the dashes in front of a boundary to its name.
    if (value.starts_with("--")) value.remove_prefix(2);
    if (value.empty() || value.size() > kBoundaryLimit) return std::nullopt;
    return std::string{value};
}

void MultipartReader::feed(std::string_view bytes, std::vector<std::string>& bodies) {
    buffer_ += bytes;
    while (step(bodies)) {
    }
}

bool MultipartReader::step(std::vector<std::string>& bodies) {
    switch (state_) {
        case State::seeking:
            return seek();
        case State::header:
            return read_header();
        case State::body:
            return read_body(bodies);
    }
    return false;
}

bool MultipartReader::seek() {
    const std::size_t found = buffer_.find(delimiter_);
    if (found == kNowhere) {
        // Its beginning may stand at the end.
        if (buffer_.size() >= delimiter_.size()) buffer_.erase(0, buffer_.size() - delimiter_.size() + 1);
        return false;
    }
    buffer_.erase(0, found + delimiter_.size());
    state_ = State::header;
    return true;
}

bool MultipartReader::read_header() {
    const std::size_t end = end_of_header(buffer_);
    const std::size_t next = buffer_.find(delimiter_);
    const std::size_t next_end = next == kNowhere ? kNowhere : next + delimiter_.size();
    const std::size_t first = std::min(end, next_end);
    if (std::min(first, buffer_.size()) > kHeaderLimit || next_end < end) {
        give_up();
        return true;
    }
    if (end == kNowhere) return false;
    length_ = content_length(std::string_view{buffer_}.substr(0, end));
    buffer_.erase(0, end);
    state_ = State::body;
    return true;
}

bool MultipartReader::read_body(std::vector<std::string>& bodies) {
    const std::size_t limit = length_.value_or(kBodyLimit);
    const std::size_t next = buffer_.find(delimiter_);
    const bool is_cut_short = next != kNowhere && (length_ ? next < limit : next <= limit);
    if (is_cut_short) {
        take(next, bodies);
        return true;
    }
    if (length_) {
        if (buffer_.size() < limit || may_begin_delimiter(limit)) return false;
        take(limit, bodies);
        return true;
    }
    if (next == kNowhere && buffer_.size() <= limit + delimiter_.size()) return false;
    give_up();
    return true;
}

/// Whether the end of what is there, from before `before` on, is the beginning of a boundary.
bool MultipartReader::may_begin_delimiter(std::size_t before) const {
    const std::size_t size = buffer_.size();
    for (std::size_t begin = size - std::min(size, delimiter_.size() - 1); begin < std::min(before, size);
         ++begin)
        if (delimiter_.starts_with(std::string_view{buffer_}.substr(begin))) return true;
    return false;
}

void MultipartReader::take(std::size_t count, std::vector<std::string>& bodies) {
    if (const std::string_view body = trim(std::string_view{buffer_}.substr(0, count)); !body.empty())
        bodies.emplace_back(body);
    buffer_.erase(0, count);
    state_ = State::seeking;
}

void MultipartReader::give_up() {
    ++given_up_;
    state_ = State::seeking;
}

}  // namespace sluice::xvr
