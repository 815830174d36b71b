#include "tests/support/farm/control.hpp"

#include "config/base/log.hpp"

#include <cstdlib>
#include <sstream>

#include <fmt/format.h>

namespace sluice::farm {

const char* const kCommandHelp =
    "Commands (VERB CAMERA [ARGUMENTS], CAMERA is a name or *):\n"
    "  drop C K          the next K packets are not sent\n"
    "  loss C PERCENT    so many packets are lost from now on (0: none)\n"
    "  behead C K        the next K key pictures are sent without their first packet\n"
    "  lossy C on|off    the network loses packets too: each picture is logged with its hash without SEI\n"
    "  reorder C N       in every N-th picture two packets change places (0: never)\n"
    "  corrupt C K       bytes are changed in the next K pictures\n"
    "  disorder C K      every other one of the next K pictures has a time that lies back\n"
    "  clock C SECONDS   the RTP clock jumps\n"
    "  rtp-start C N     the next session's RTP time starts at N\n"
    "  ntp C SECONDS     error of the wall time in sender reports\n"
    "  rate C FPS [declared]  real frame rate; `declared`: RTP times go on as if nothing were (0: as the "
    "file says)\n"
    "  stall C SECONDS   silence, then the stream goes on\n"
    "  reset C | close C the connections end with RST or FIN\n"
    "  refuse C SECONDS  requests are answered with RST; for * nobody listens at all\n"
    "  no-key C on|off   sessions begin with a picture that is no key picture\n"
    "  sets C key|mid    parameter sets change, on the next key picture or in mid-GOP\n"
    "  in-band C on|off  key pictures carry their parameter sets\n"
    "  aggregates C on|off    small NAL units are put together (STAP-A, AP)\n"
    "  media C FILE      from the next key picture on another file; another codec ends the session\n"
    "  transport C tcp|udp|any\n"
    "  timeout C SECONDS the session's timeout, enforced\n"
    "  answer C METHOD CODE|garbage|hang|off\n"
    "  auth C none|basic|digest|digest-sha256 [USER PASSWORD]\n"
    "  status *          counters of all cameras\n"
    "  stop *            end of the program\n";

namespace {

using Words = std::vector<std::string>;

struct Call {
    Camera& camera;
    const Words& words;  ///< verb, camera, arguments
    const Hooks& hooks;

    [[nodiscard]] std::string word(std::size_t index) const {
        return index < words.size() ? words[index] : "";
    }
    [[nodiscard]] double number(std::size_t index) const { return std::strtod(word(index).c_str(), nullptr); }
    [[nodiscard]] bool is_on() const { return word(2) == "on"; }
};
using Handler = Status (*)(const Call&);

TimePoint after_seconds(double seconds) {
    return Steady::now() +
           std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>{seconds});
}

Status set_answer(const Call& call) {
    if (call.words.size() < 4) return failure(Remedy::refuse, "answer needs a method and what to answer");
    if (call.word(3) == "off") {
        call.camera.faults.answers.erase(call.word(2));
    } else {
        call.camera.faults.answers[call.word(2)] = call.word(3);
    }
    return {};
}

Status set_auth(const Call& call) {
    const auto kind = auth_kind_from(call.word(2));
    if (!kind) return failure(Remedy::refuse, "no such authentication: " + call.word(2));
    call.camera.credentials.kind = *kind;
    if (call.words.size() > 4) {
        call.camera.credentials.user = call.word(3);
        call.camera.credentials.password = call.word(4);
    }
    return {};
}

Status set_media(const Call& call) {
    auto media = load_media(call.word(2));
    if (!media) return std::unexpected{media.error()};
    call.camera.media = std::move(*media);
    call.camera.extra_sets.clear();
    return {};
}

Status set_transport(const Call& call) {
    call.camera.habits.speaks_tcp = call.word(2) != "udp";
    call.camera.habits.speaks_udp = call.word(2) != "tcp";
    return {};
}

Status set_sets(const Call& call) {
    if (call.word(2) != "key" && call.word(2) != "mid") return failure(Remedy::refuse, "sets C key|mid");
    call.camera.faults.sets_change = call.word(2) == "key" ? SetsChange::on_key : SetsChange::in_mid_gop;
    return {};
}

Status refuse(const Call& call) {
    call.camera.faults.refused_until = after_seconds(call.number(2));
    call.hooks.close_connections(call.camera, true);
    return {};
}

template <auto Field>
Status set_fault(const Call& call) {
    auto& field = call.camera.faults.*Field;
    field = static_cast<std::remove_reference_t<decltype(field)>>(call.number(2));
    return {};
}

const std::map<std::string, Handler, std::less<>>& handlers() {
    static const std::map<std::string, Handler, std::less<>> table{
        {"drop", set_fault<&Faults::packets_to_drop>},
        {"loss", set_fault<&Faults::loss_percent>},
        {"behead", set_fault<&Faults::pictures_to_behead>},
        {"reorder", set_fault<&Faults::reorder_every>},
        {"corrupt", set_fault<&Faults::pictures_to_corrupt>},
        {"disorder", set_fault<&Faults::pictures_out_of_order>},
        {"clock",
         [](const Call& call) -> Status {
             call.camera.faults.clock_jump_ticks = static_cast<std::int64_t>(call.number(2) * 90'000);
             return {};
         }},
        {"rtp-start",
         [](const Call& call) -> Status {
             call.camera.faults.rtp_start = static_cast<std::uint32_t>(call.number(2));
             return {};
         }},
        {"ntp",
         [](const Call& call) -> Status {
             call.camera.faults.ntp_error_us = static_cast<std::int64_t>(call.number(2) * 1e6);
             return {};
         }},
        {"rate",
         [](const Call& call) -> Status {
             call.camera.faults.real_fps = call.number(2);
             call.camera.faults.has_true_times = call.word(3) != "declared";
             return {};
         }},
        {"stall",
         [](const Call& call) -> Status {
             call.camera.faults.stalled_until = after_seconds(call.number(2));
             return {};
         }},
        {"reset",
         [](const Call& call) -> Status {
             call.hooks.close_connections(call.camera, true);
             return {};
         }},
        {"close",
         [](const Call& call) -> Status {
             call.hooks.close_connections(call.camera, false);
             return {};
         }},
        {"refuse", refuse},
        {"lossy",
         [](const Call& call) -> Status {
             call.camera.habits.is_behind_lossy_network = call.is_on();
             return {};
         }},
        {"no-key",
         [](const Call& call) -> Status {
             call.camera.faults.starts_without_key = call.is_on();
             return {};
         }},
        {"sets", set_sets},
        {"in-band",
         [](const Call& call) -> Status {
             call.camera.habits.has_sets_in_band = call.is_on();
             return {};
         }},
        {"aggregates",
         [](const Call& call) -> Status {
             call.camera.habits.has_aggregates = call.is_on();
             return {};
         }},
        {"media", set_media},
        {"transport", set_transport},
        {"timeout",
         [](const Call& call) -> Status {
             call.camera.habits.session_timeout_s = static_cast<int>(call.number(2));
             call.camera.habits.enforces_timeout = true;
             return {};
         }},
        {"answer", set_answer},
        {"auth", set_auth},
    };
    return table;
}

std::string json_text(std::string_view text) {
    std::string out;
    log::append_json_string(out, text);
    return out;
}

std::string refusal(std::string_view why) {
    return "{\"ok\":false,\"error\":" + json_text(why) + "}";
}

std::string status_of(const Cameras& cameras) {
    std::string all;
    for (const auto& [name, camera] : cameras)
        all += fmt::format(
            "{}{}:{{\"pictures\":{}}}", all.empty() ? "" : ",", json_text(name), camera->pictures()
        );
    return "{\"ok\":true,\"cameras\":{" + all + "}}";
}

}  // namespace

std::string execute(std::string_view line, Cameras& cameras, const Hooks& hooks) {
    std::istringstream in{std::string{line}};
    Words words;
    for (std::string word; in >> word;)
        words.push_back(word);
    if (words.empty()) return refusal("empty command");
    if (words[0] == "status") return status_of(cameras);
    if (words[0] == "stop") {
        hooks.stop();
        return R"({"ok":true})";
    }
    const auto handler = handlers().find(words[0]);
    if (handler == handlers().end()) return refusal("no such command: " + words[0]);
    const std::string target = words.size() > 1 ? words[1] : "";
    if (words[0] == "refuse" && target == "*" && words.size() > 2)
        hooks.stop_listening(std::chrono::duration<double>{std::strtod(words[2].c_str(), nullptr)});
    bool is_found = false;
    for (const auto& [name, camera] : cameras) {
        if (target != "*" && target != name) continue;
        is_found = true;
        // A password is part of no log.
        camera->log_event("command", ",\"line\":" + json_text(words[0] == "auth" ? "auth" : line));
        if (const Status done = handler->second({*camera, words, hooks}); !done)
            return refusal(done.error().message());
    }
    return is_found ? R"({"ok":true})" : refusal("no such camera: " + target);
}

}  // namespace sluice::farm
