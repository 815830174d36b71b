#include "api/http/body_sender.hpp"

#include "tests/support/temp_folder.hpp"

#include <array>
#include <fstream>
#include <memory>
#include <string>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace sluice::http {
namespace {

/// Bytes 0–99 from memory, then the file.
class MixedSource final : public BodySource {
public:
    MixedSource(std::shared_ptr<const UniqueFd> file, std::uint64_t size, std::uint64_t lie = 0)
        : file_(std::move(file)),
          size_(size),
          lie_(lie) {}
    std::uint64_t size_bytes() const override { return size_ + lie_; }
    Result<Piece> read(std::uint64_t offset, std::uint64_t limit) override {
        if (offset < 100)
            return Piece{Bytes(std::min<std::uint64_t>(100 - offset, limit), std::uint8_t{'h'})};
        return Piece{FileSpan{file_, offset, std::min(limit, size_ + lie_ - offset)}};
    }

private:
    std::shared_ptr<const UniqueFd> file_;
    std::uint64_t size_;
    std::uint64_t lie_;
};

struct Stage {
    explicit Stage(std::size_t size) {
        content.resize(size);
        for (std::size_t i = 0; i < size; ++i)
            content[i] = i < 100 ? 'h' : static_cast<char>('a' + i % 23);
        const auto path = folder.path() / "file";
        std::ofstream{path, std::ios::binary} << content;
        file = std::make_shared<const UniqueFd>(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        std::array<int, 2> pair{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()) == 0);
        near = UniqueFd{pair[0]};
        far = UniqueFd{pair[1]};
    }
    SourceBody body(std::uint64_t offset, std::uint64_t length, std::uint64_t lie = 0) {
        return {std::make_unique<MixedSource>(file, content.size(), lie), offset, length};
    }
    std::string drain() {
        std::string out;
        std::array<char, 65536> bytes{};
        for (;;) {
            const ssize_t count = ::recv(far.get(), bytes.data(), bytes.size(), 0);
            if (count <= 0) return out;
            out.append(bytes.data(), static_cast<std::size_t>(count));
        }
    }
    test::TempFolder folder;
    std::string content;
    std::shared_ptr<const UniqueFd> file;
    UniqueFd near;
    UniqueFd far;
};

TEST_CASE("a body goes out byte by byte the same, whatever the socket takes at once", "[api][body]") {
    Stage stage{3'000'000};
    const auto [offset, length] = GENERATE(
        std::pair<std::uint64_t, std::uint64_t>{0, 3'000'000},
        std::pair<std::uint64_t, std::uint64_t>{50, 100},
        std::pair<std::uint64_t, std::uint64_t>{150, 2'000'001}
    );
    const SourceBody body = stage.body(offset, length);
    BodySender sender{body};
    std::string received;
    bool was_full = false;
    for (;;) {
        const auto state = sender.send_to(stage.near.get(), 1'000'000);
        REQUIRE(state);
        was_full = was_full || *state == BodySender::State::socket_full;
        received += stage.drain();
        if (*state == BodySender::State::done) break;
    }
    CHECK(received == stage.content.substr(offset, length));
    CHECK(sender.sent_bytes(body) == length);
    CHECK(was_full == (length > 1'000'000));
}

TEST_CASE("for TLS the same bytes are read into a buffer of bounded size", "[api][body]") {
    Stage stage{700'000};
    const SourceBody body = stage.body(10, 600'000);
    BodySender sender{body};
    std::string received;
    for (;;) {
        std::string buffer;
        const auto state = sender.fill(buffer, 65536);
        REQUIRE(state);
        CHECK(buffer.size() <= 65536);
        received += buffer;
        if (*state == BodySender::State::done) break;
    }
    CHECK(received == stage.content.substr(10, 600'000));
}

TEST_CASE(
    "a file that is shorter than promised ends the body with an error, not with other bytes",
    "[api][body]"
) {
    Stage stage{1000};
    const SourceBody body = stage.body(0, 1500, 500);
    BodySender sender{body};
    const auto sent = sender.send_to(stage.near.get(), 1'000'000);
    REQUIRE_FALSE(sent);
    CHECK(sent.error().remedy() == Remedy::abandon_file);
    BodySender filler{body};
    std::string buffer;
    CHECK_FALSE(filler.fill(buffer, 1'000'000));
}

TEST_CASE("a client that is gone is an error to retry, not a signal", "[api][body]") {
    Stage stage{1000};
    stage.far.reset();
    const SourceBody body = stage.body(0, 1000);
    BodySender sender{body};
    const auto sent = sender.send_to(stage.near.get(), 1'000'000);
    REQUIRE_FALSE(sent);
    CHECK(sent.error().remedy() == Remedy::retry);
}

}  // namespace
}  // namespace sluice::http
