#include "jobs/xvr/multipart.hpp"

#include "jobs/xvr/event.hpp"

#include <random>

#include <catch2/catch.hpp>

using namespace sluice::xvr;

namespace {

using Bodies = std::vector<std::string>;

Bodies read_whole(std::string_view stream, std::uint64_t* given_up = nullptr) {
    MultipartReader reader{"myboundary"};
    Bodies bodies;
    reader.feed(stream, bodies);
    if (given_up != nullptr) *given_up = reader.given_up();
    return bodies;
}

std::string part(const std::string& body, const std::string& end = "\r\n\r\n") {
    return "--myboundary\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body + end;
}

std::string bare(const std::string& body, const std::string& end) {
    return "--myboundary\r\nContent-Type: text/plain\r\n\r\n" + body + end;
}

/// Parts as recorders send them, good and odd, in any order.
std::string make_stream(std::mt19937& random) {
    const auto pick = [&](unsigned count) { return static_cast<unsigned>(random() % count); };
    std::string stream = pick(3) == 0 ? "\r\n" : "";
    for (unsigned i = 0; i < 12; ++i) {
        const std::string body = "Code=VideoMotion;action=Start;index=" + std::to_string(i) +
                                 ";data={\n\"a\" : \"x;y--my\",\n\"n\" : " + std::to_string(random()) + "}";
        switch (pick(9)) {
            case 0:
                stream += part("Heartbeat");
                break;
            case 1:
                stream += part(body, "");  // the closing line end is missing
                break;
            case 2:
                stream += bare(body, "\r\n");
                break;
            case 3:
                stream += bare(body, "");
                break;
            case 4:  // a length that is too long
                stream += "--myboundary\nContent-Length: 5000\n\n" + body;
                break;
            case 5:  // nothing but a header
                stream += "--myboundary\r\nContent-Length: 10\r\n";
                break;
            case 6:
                stream += bare(std::string(kBodyLimit + pick(40), 'a'), "\r\n");
                break;
            case 7:
                stream +=
                    "--myboundary\r\n" + std::string(kHeaderLimit + pick(40), 'h') + "\r\n\r\nCode=A\r\n";
                break;
            default:
                stream += part(body);
        }
    }
    return stream + "--myboundary\r\n";
}

}  // namespace

TEST_CASE("a part ends at its length, with or without the line end that should close it", "[xvr]") {
    CHECK(
        read_whole(part("Code=VideoLoss;action=Start;index=3")) ==
        Bodies{"Code=VideoLoss;action=Start;index=3"}
    );
    const std::string joined =
        part("Code=A;index=0", "") + part("Heartbeat", "") + part("Code=B;index=1", "");
    CHECK(read_whole(joined) == Bodies{"Code=A;index=0", "Heartbeat", "Code=B;index=1"});
}

TEST_CASE("a part without a length, or with one that is too long, ends at the next boundary", "[xvr]") {
    CHECK(read_whole(bare("Code=A", "\r\n") + "--myboundary") == Bodies{"Code=A"});
    CHECK(read_whole(bare("Code=A", "") + "--myboundary") == Bodies{"Code=A"});
    CHECK(read_whole(bare("Code=A", "\r\n")).empty());  // it may go on
    CHECK(
        read_whole(
            "--myboundary\r\ncontent-length: 99\r\n\r\nCode=A--myboundary\r\nCONTENT-LENGTH:6\r\n\r\nCode=B"
        ) == Bodies{"Code=A", "Code=B"}
    );
    CHECK(
        read_whole("--myboundary\r\nContent-Length: none\r\n\r\nCode=A\r\n--myboundary") == Bodies{"Code=A"}
    );
}

TEST_CASE("what is too long or broken is given up and counted, and the next part is read", "[xvr]") {
    std::uint64_t given_up = 0;
    const std::string long_body = bare(std::string(kBodyLimit + 1, 'a'), "\r\n");
    CHECK(read_whole(long_body + part("Code=B"), &given_up) == Bodies{"Code=B"});
    CHECK(given_up == 1);
    CHECK(read_whole(bare(std::string(kBodyLimit, 'a'), "") + part("Code=B"), &given_up).size() == 2);
    CHECK(given_up == 0);
    CHECK(read_whole("--myboundary\r\nX: y\r\n" + part("Code=B"), &given_up) == Bodies{"Code=B"});
    CHECK(given_up == 1);
    const std::string long_header = "--myboundary\r\n" + std::string(kHeaderLimit, 'h') + "\r\n\r\nCode=A";
    CHECK(read_whole(long_header + part("Code=B"), &given_up) == Bodies{"Code=B"});
    CHECK(given_up == 1);
}

TEST_CASE("however a stream is cut into reads, its parts are the same", "[xvr]") {
    std::mt19937 random{20191002};
    for (int round = 0; round < 150; ++round) {
        const std::string stream = make_stream(random);
        std::uint64_t given_up = 0;
        const Bodies whole = read_whole(stream, &given_up);
        const std::size_t most = round % 3 == 0 ? 3 : round % 3 == 1 ? 40 : 5000;
        // Reads of a few bytes only of streams that are short enough.
        if (most == 3 && stream.size() > 20'000) continue;
        MultipartReader reader{"myboundary"};
        Bodies bodies;
        for (std::string_view rest{stream}; !rest.empty();) {
            const std::size_t count = std::min<std::size_t>(1 + random() % most, rest.size());
            reader.feed(rest.substr(0, count), bodies);
            rest.remove_prefix(count);
        }
        CAPTURE(round);
        REQUIRE(bodies == whole);
        REQUIRE(reader.given_up() == given_up);
    }
}

TEST_CASE("a Content-Type names the boundary, in quotes or not, with dashes or not", "[xvr]") {
    CHECK(boundary_of("multipart/x-mixed-replace; boundary=myboundary") == "myboundary");
    CHECK(boundary_of("multipart/x-mixed-replace;boundary=\"my boundary\"; charset=x") == "my boundary");
    CHECK(boundary_of("Multipart/Mixed; Boundary=--myboundary\r\n") == "myboundary");
    CHECK_FALSE(boundary_of("text/plain; boundary=a"));
    CHECK_FALSE(boundary_of("multipart/mixed"));
    CHECK_FALSE(boundary_of("multipart/mixed; boundary="));
    CHECK_FALSE(boundary_of("multipart/mixed; boundary=" + std::string(71, 'b')));
}
