// bad-cable: a network namespace of its own and the only way into it. Two TUN devices, one here and one in
// there, with this program between them, which does to every packet what a bad network does. Kernels need
// not have netem or a packet filter for it. Namespace and devices go with the process, however it ends.
#include "config/base/error.hpp"
#include "config/base/unique_fd.hpp"
#include "tests/support/cable/wire.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <net/if.h>
#include <sched.h>

namespace {

using namespace sluice;
using namespace std::chrono_literals;
using cable::Direction;
using cable::TimePoint;

constexpr std::uint32_t kNetwork = 0xC6120000;  // 198.18.0.0/15, for tests of networks (RFC 2544)
constexpr std::size_t kLongestPacket = 65536;

constexpr const char* kHelp =
    "usage: bad-cable\n"
    "Makes a network namespace, the one that this process is in from then on, and a cable to it; says\n"
    "`ready HERE THERE` with the addresses of both ends, and then carries out commands, one a line:\n"
    "  loss PERCENT         so many packets are lost\n"
    "  delay MS JITTER_MS   packets take so long, and up to the jitter longer; the order stays\n"
    "  late PERCENT MS      so many packets take so much longer, others overtake them\n"
    "  plug out|in          the cable is pulled out at both ends, or in again\n"
    "  forget               as a NAT: nothing of today's connections gets through any more; new ones do\n"
    "It ends with its input.\n";

struct End {
    UniqueFd tun;
    std::string name;
    std::string address;
};

Status set_up(const std::string& name, std::uint32_t address) {
    const UniqueFd control{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    ifreq request{};
    std::ranges::copy(name, request.ifr_name);
    const auto set = [&](unsigned long what, std::uint32_t value) {
        sockaddr_in wanted{};
        wanted.sin_family = AF_INET;
        wanted.sin_addr.s_addr = htonl(value);
        std::memcpy(&request.ifr_addr, &wanted, sizeof wanted);
        return ::ioctl(control.get(), what, &request) == 0;
    };
    if (!set(SIOCSIFADDR, address) || !set(SIOCSIFNETMASK, 0xFFFFFFFC))
        return errno_error(Remedy::operator_acts, "no address for " + name);
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    if (::ioctl(control.get(), SIOCSIFFLAGS, &request) != 0)
        return errno_error(Remedy::operator_acts, "cannot bring up " + name);
    return {};
}

/// A TUN device in the namespace that the process is in; `pattern` as the kernel takes it.
Result<End> open_tun(const std::string& pattern) {
    End end;
    end.tun = UniqueFd{::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC)};
    if (!end.tun.is_open()) return errno_error(Remedy::operator_acts, "cannot open /dev/net/tun");
    ifreq request{};
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    std::ranges::copy(pattern, request.ifr_name);
    if (::ioctl(end.tun.get(), TUNSETIFF, &request) != 0)
        return errno_error(Remedy::operator_acts, "cannot make a network device (it takes root)");
    end.name = request.ifr_name;
    return end;
}

std::string text_of(std::uint32_t address) {
    const in_addr raw{htonl(address)};
    std::array<char, INET_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET, &raw, text.data(), text.size());
    return text.data();
}

class Cable {
public:
    explicit Cable(std::uint32_t seed) : wire_(seed) {}

    Status lay() {
        // The kernel numbers the devices of a namespace, so cables that lie beside each other differ.
        auto here = open_tun("sluice%d");
        if (!here) return std::unexpected{here.error()};
        here_ = std::move(*here);
        const auto number = static_cast<std::uint32_t>(std::stoul(here_.name.substr(6))) % 32768;
        const std::uint32_t first = kNetwork + number * 4 + 1;
        here_.address = text_of(first);
        if (const Status up = set_up(here_.name, first); !up) return up;

        if (::unshare(CLONE_NEWNET) != 0)
            return errno_error(Remedy::operator_acts, "no namespace (it takes root)");
        auto there = open_tun("cameras");
        if (!there) return std::unexpected{there.error()};
        there_ = std::move(*there);
        there_.address = text_of(first + 1);
        if (const Status up = set_up("lo", INADDR_LOOPBACK); !up) return up;
        return set_up(there_.name, first + 1);
    }

    /// Until the input ends.
    void run() {
        std::cout << "ready " << here_.address << " " << there_.address << std::endl;
        while (true) {
            std::array<pollfd, 3> ready{
                {{STDIN_FILENO, POLLIN, 0}, {here_.tun.get(), POLLIN, 0}, {there_.tun.get(), POLLIN, 0}}
            };
            ::poll(ready.data(), ready.size(), wait_ms());
            if (ready[0].revents != 0 && !take_commands()) return;
            take_packets(here_, Direction::to_cameras);
            take_packets(there_, Direction::to_host);
            send_due();
        }
    }

private:
    struct Packet {
        std::vector<std::uint8_t> bytes;
        Direction direction;
    };

    [[nodiscard]] int wait_ms() const {
        if (under_way_.empty()) return -1;
        const auto rest =
            std::chrono::ceil<std::chrono::milliseconds>(under_way_.begin()->first - cable::Steady::now());
        return static_cast<int>(std::max<std::int64_t>(0, rest.count()));
    }

    void take_packets(const End& end, Direction direction) {
        std::array<std::uint8_t, kLongestPacket> buffer;
        while (true) {
            const ssize_t got = ::read(end.tun.get(), buffer.data(), buffer.size());
            if (got <= 0) return;
            const std::span packet{buffer.data(), static_cast<std::size_t>(got)};
            if (const auto due = wire_.carry(packet, direction, cable::Steady::now()))
                under_way_.emplace(*due, Packet{{packet.begin(), packet.end()}, direction});
        }
    }

    void send_due() {
        const TimePoint now = cable::Steady::now();
        while (!under_way_.empty() && under_way_.begin()->first <= now) {
            const Packet& packet = under_way_.begin()->second;
            const End& out = packet.direction == Direction::to_host ? here_ : there_;
            // What the other end does not take is lost, as on any wire.
            [[maybe_unused]] const auto written =
                ::write(out.tun.get(), packet.bytes.data(), packet.bytes.size());
            under_way_.erase(under_way_.begin());
        }
    }

    bool take_commands() {
        std::array<char, 4096> buffer;
        const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
        if (got <= 0) return false;
        input_.append(buffer.data(), static_cast<std::size_t>(got));
        for (std::size_t end = input_.find('\n'); end != std::string::npos; end = input_.find('\n')) {
            const std::string line = input_.substr(0, end);
            input_.erase(0, end + 1);
            std::cout << (execute(line) ? "done " : "what is ") << line << std::endl;
        }
        return true;
    }

    bool execute(const std::string& line) {
        std::istringstream in{line};
        std::string verb;
        in >> verb;
        long first_ms = 0;
        long second_ms = 0;
        if (verb == "loss") return static_cast<bool>(in >> wire_.faults.loss_percent);
        if (verb == "delay" && in >> first_ms >> second_ms) {
            wire_.faults.delay = std::chrono::milliseconds{first_ms};
            wire_.faults.jitter = std::chrono::milliseconds{second_ms};
            return true;
        }
        if (verb == "late" && in >> wire_.faults.late_percent >> first_ms) {
            wire_.faults.late = std::chrono::milliseconds{first_ms};
            return true;
        }
        std::string how;
        if (verb == "plug" && in >> how && (how == "in" || how == "out")) return plug(how == "in");
        if (verb != "forget") return false;
        wire_.forget();
        return true;
    }

    bool plug(bool is_in) {
        wire_.faults.is_unplugged = !is_in;
        if (!is_in) under_way_.clear();
        int carrier = is_in ? 1 : 0;
        return ::ioctl(here_.tun.get(), TUNSETCARRIER, &carrier) == 0 &&
               ::ioctl(there_.tun.get(), TUNSETCARRIER, &carrier) == 0;
    }

    cable::Wire wire_;
    End here_, there_;
    std::multimap<TimePoint, Packet> under_way_;  ///< by the time at which they go out
    std::string input_;
};

}  // namespace

int main(int count, char** arguments) {
    if (count > 1) {
        const bool is_help = std::string_view{arguments[1]} == "--help";
        std::fputs(kHelp, is_help ? stdout : stderr);
        return is_help ? 0 : 2;
    }
    ::signal(SIGPIPE, SIG_IGN);
    Cable cable{static_cast<std::uint32_t>(::getpid())};
    if (const Status laid = cable.lay(); !laid) {
        std::fprintf(stderr, "bad-cable: %s\n", laid.error().describe().c_str());
        return 1;
    }
    cable.run();
    return 0;
}
