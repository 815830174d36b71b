#include "tests/support/farm/connection.hpp"

#include "config/base/uuid.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include <sys/socket.h>

#include <fmt/format.h>

namespace sluice::farm {
namespace {

constexpr std::size_t kInputLimit = 256 * 1024;
constexpr std::size_t kPendingLimit = 64 * 1024 * 1024;
constexpr std::size_t kPiecesAtOnce = 1024;  // IOV_MAX

std::string make_nonce() {
    std::array<std::uint8_t, 16> random{};
    fill_random(random.data(), random.size());
    return to_hex(random);
}

}  // namespace

Connection::Connection(UniqueFd fd, Cameras& cameras, Addresses addresses)
    : fd_(std::move(fd)),
      cameras_(cameras),
      addresses_(addresses),
      nonce_(make_nonce()) {}

void Connection::arm_reset() const {
    const linger now{1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

bool Connection::on_readable(TimePoint now) {
    std::array<char, 16384> buffer;
    bool is_ended = false;  // what came before the end (TEARDOWN) is answered all the same
    while (true) {
        const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) break;
        if (got <= 0) {
            is_ended = true;
            break;
        }
        input_.append(buffer.data(), static_cast<std::size_t>(got));
        if (input_.size() > kInputLimit) return false;
    }
    while (!input_.empty()) {
        if (input_[0] == '$') {  // the client's receiver reports
            if (input_.size() < 4) break;
            const std::size_t size = 4 +
                                     static_cast<std::size_t>(static_cast<unsigned char>(input_[2])) * 256 +
                                     static_cast<unsigned char>(input_[3]);
            if (input_.size() < size) break;
            input_.erase(0, size);
            continue;
        }
        const auto request = parse_request(input_);
        if (!request) break;
        input_.erase(0, request->size);
        last_request_ = now;
        if (request->method.empty() || !answer(*request, now)) return false;
    }
    return !is_ended && !is_broken_;
}

bool Connection::answer(const Request& request, TimePoint now) {
    if (camera_ == nullptr && request.url != "*") {
        const auto found = cameras_.find(camera_name(request.url));
        if (found != cameras_.end()) camera_ = found->second.get();
    }
    if (camera_ == nullptr) {
        reply(
            request, request.method == "OPTIONS" ? 200 : 404, request.method == "OPTIONS" ? "OK" : "Not Found"
        );
        return true;
    }
    if (camera_->faults.refused_until > now) {
        arm_reset();
        return false;
    }
    const auto fault = camera_->faults.answers.find(request.method);
    if (fault != camera_->faults.answers.end()) return answer_fault(request, fault->second);
    const bool is_open = request.method == "OPTIONS";
    if (!is_open &&
        !is_authorized(camera_->credentials, nonce_, request.method, request.field("authorization"))) {
        reply(request, 401, "Unauthorized", challenges(camera_->credentials.kind, nonce_));
        return true;
    }
    answer_known(request, now);
    return request.method != "TEARDOWN";
}

bool Connection::answer_fault(const Request& request, const std::string& fault) {
    camera_->log_event("answer", fmt::format(",\"method\":\"{}\",\"with\":\"{}\"", request.method, fault));
    if (fault == "hang") return true;
    if (fault == "garbage") {
        say("HTTP/9.9 what\x01\x02\xff\xfe is this\r\n\r\n\r\n$");
        return false;
    }
    int code = 500;
    std::from_chars(fault.data(), fault.data() + fault.size(), code);
    reply(
        request,
        code,
        "Refused",
        code == 401 ? challenges(AuthKind::digest_md5, nonce_) : std::vector<std::string>{}
    );
    return true;
}

void Connection::answer_known(const Request& request, TimePoint now) {
    const std::string& method = request.method;
    if (method == "OPTIONS") {
        reply(
            request,
            200,
            "OK",
            {"Public: OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, SET_PARAMETER, TEARDOWN"}
        );
    } else if (method == "DESCRIBE") {
        std::vector<Bytes> sets = camera_->media->sets;
        sets.insert(sets.end(), camera_->extra_sets.begin(), camera_->extra_sets.end());
        const std::string base = request.url + (request.url.ends_with('/') ? "" : "/");
        reply(
            request,
            200,
            "OK",
            {"Content-Type: application/sdp", "Content-Base: " + base},
            make_sdp(camera_->media->codec, sets, camera_->media->fps)
        );
    } else if (method == "SETUP") {
        answer_setup(request);
    } else if (!session_) {
        reply(
            request,
            method == "GET_PARAMETER" ? 200 : 454,
            method == "GET_PARAMETER" ? "OK" : "Session Not Found"
        );
    } else if (method == "PLAY") {
        const std::string info = session_->play(now);
        reply(
            request,
            200,
            "OK",
            {"Session: " + session_->id(),
             "Range: npt=now-",
             fmt::format("RTP-Info: url={}/trackID=0;{}", request.url, info)}
        );
    } else if (method == "PAUSE") {
        session_->pause();
        reply(request, 200, "OK", {"Session: " + session_->id()});
    } else if (method == "TEARDOWN") {
        camera_->log_event("teardown", fmt::format(",\"session\":{}", session_->number()));
        reply(request, 200, "OK", {"Session: " + session_->id()});
    } else if (method == "GET_PARAMETER" || method == "SET_PARAMETER") {
        reply(request, 200, "OK", {"Session: " + session_->id()});
    } else {
        reply(request, 501, "Not Implemented");
    }
}

void Connection::answer_setup(const Request& request) {
    const auto wish = parse_transport(request.field("transport"));
    auto session = std::make_unique<Session>(*camera_, *this);
    const auto transport = wish ? session->set_up(*wish, addresses_) : std::nullopt;
    if (!transport) {
        reply(request, 461, "Unsupported Transport");
        return;
    }
    session_ = std::move(session);
    reply(
        request,
        200,
        "OK",
        {"Transport: " + *transport,
         fmt::format("Session: {};timeout={}", session_->id(), camera_->habits.session_timeout_s)}
    );
}

bool Connection::on_time(TimePoint now) {
    if (session_ && camera_->habits.enforces_timeout &&
        now - last_request_ > std::chrono::seconds{camera_->habits.session_timeout_s}) {
        camera_->log_event("session_timed_out", fmt::format(",\"session\":{}", session_->number()));
        return false;
    }
    return (!session_ || session_->on_time(now)) && !is_broken_;
}

TimePoint Connection::next_due() const noexcept {
    return session_ ? session_->next_due() : TimePoint::max();
}

void Connection::reply(
    const Request& request,
    int code,
    std::string_view reason,
    const std::vector<std::string>& fields,
    std::string_view body
) {
    say(make_answer(code, reason, request.field("cseq"), fields, body));
}

void Connection::say(const std::string& text) {
    const iovec piece{const_cast<char*>(text.data()), text.size()};
    write({&piece, 1}, nullptr);
}

void Connection::write(std::span<const iovec> pieces, const PictureRecord* record) {
    if (is_broken_) return;
    std::size_t total = 0;
    for (const iovec& piece : pieces)
        total += piece.iov_len;
    queued_ += total;
    if (record != nullptr) unconfirmed_.emplace_back(queued_, *record);
    while (!pieces.empty() && !wants_to_write()) {
        msghdr message{};
        message.msg_iov = const_cast<iovec*>(pieces.data());
        message.msg_iovlen = std::min(pieces.size(), kPiecesAtOnce);
        const ssize_t got = ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (got < 0 && errno != EAGAIN) is_broken_ = true;
        std::size_t done = got < 0 ? 0 : static_cast<std::size_t>(got);
        sent_ += done;
        while (!pieces.empty() && done >= pieces[0].iov_len) {
            done -= pieces[0].iov_len;
            pieces = pieces.subspan(1);
        }
        if (pieces.empty() || (got >= 0 && done == 0)) continue;
        pending_.append(static_cast<const char*>(pieces[0].iov_base) + done, pieces[0].iov_len - done);
        pieces = pieces.subspan(1);
    }
    for (const iovec& piece : pieces)
        pending_.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
    if (pending_.size() > kPendingLimit) is_broken_ = true;
    confirm_sent();
}

bool Connection::on_writable() {
    while (wants_to_write()) {
        const ssize_t got = ::send(
            fd_.get(),
            pending_.data() + pending_start_,
            pending_.size() - pending_start_,
            MSG_NOSIGNAL | MSG_DONTWAIT
        );
        if (got < 0 && errno == EAGAIN) break;
        if (got <= 0) return false;
        pending_start_ += static_cast<std::size_t>(got);
        sent_ += static_cast<std::size_t>(got);
    }
    if (!wants_to_write()) {
        pending_.clear();
        pending_start_ = 0;
    }
    confirm_sent();
    return true;
}

void Connection::confirm_sent() {
    while (!unconfirmed_.empty() && unconfirmed_.front().first <= sent_) {
        camera_->log_picture(unconfirmed_.front().second, wall_now_us());
        unconfirmed_.pop_front();
    }
}

}  // namespace sluice::farm
