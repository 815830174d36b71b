#pragma once

#include "config/base/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::xvr {

/// One thing that a recorder tells of itself.
struct RawEvent {
    std::string code;          ///< the vendor's: "VideoMotion"
    std::string action;        ///< "Start", "Stop", "Pulse"; empty when it says none
    std::optional<int> index;  ///< counts channels from 0; often missing
    std::string data;          ///< a JSON object; {} without, {"text": …} for what is none
    friend bool operator==(const RawEvent&, const RawEvent&) = default;
};

struct Part {
    std::vector<RawEvent> events;  ///< empty: a heartbeat, if nothing was unreadable
    std::uint64_t unreadable = 0;
};

/// What a part's body says. A body may hold several events, each beginning a line with `Code=`. Only what
/// stands before `data=` is split at semicolons: the JSON behind it may hold some. Pure, total.
[[nodiscard]] Part read_part(std::string_view body);

/// `2019-10-02 18:00:00` without zone, behind `result=`, as global.cgi answers getCurrentTime: seconds since
/// 1970 on the recorder's own clock. Error: retry.
[[nodiscard]] Result<std::int64_t> read_current_time(std::string_view text);

/// Titles by channel, from 0: `table.ChannelTitle[0].Name=…`, as configManager.cgi answers. Channels over
/// 1023 and lines of another kind are passed over. Error: retry, when there is not one title.
struct ChannelTitle {
    int index = 0;
    std::string name;
    friend bool operator==(const ChannelTitle&, const ChannelTitle&) = default;
};
[[nodiscard]] Result<std::vector<ChannelTitle>> read_titles(std::string_view text);

}  // namespace sluice::xvr
