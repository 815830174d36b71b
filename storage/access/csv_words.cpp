#include "storage/access/detail/csv_words.hpp"

#include "storage/access/event_csv.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace sluice::access {
namespace {

using detail::Column;

struct Title {
    std::string_view title;
    Column column;
};
constexpr auto kTitles = std::to_array<Title>({
    {"日期時間", Column::date_time}, {"刷卡時間", Column::date_time},  {"事件時間", Column::date_time},
    {"datetime", Column::date_time}, {"timestamp", Column::date_time}, {"日期", Column::date},
    {"刷卡日期", Column::date},      {"date", Column::date},           {"時間", Column::time},
    {"time", Column::time},          {"卡號", Column::card},           {"卡片號碼", Column::card},
    {"cardno", Column::card},        {"cardnumber", Column::card},     {"card", Column::card},
    {"姓名", Column::name},          {"人員", Column::name},           {"name", Column::name},
    {"部門", Column::unit},          {"單位", Column::unit},           {"department", Column::unit},
    {"門名稱", Column::door},        {"門名", Column::door},           {"門", Column::door},
    {"門號", Column::door},          {"door", Column::door},           {"doorname", Column::door},
    {"事件", Column::event},         {"事件類型", Column::event},      {"事件名稱", Column::event},
    {"event", Column::event},        {"進出", Column::direction},      {"進出別", Column::direction},
    {"方向", Column::direction},     {"direction", Column::direction}, {"inout", Column::direction},
    {"讀卡機", Column::reader},      {"讀頭", Column::reader},         {"reader", Column::reader},
    {"狀態", Column::state},         {"結果", Column::state},          {"status", Column::state},
    {"state", Column::state},        {"result", Column::state},        {"序號", Column::index},
    {"流水號", Column::index},       {"index", Column::index},         {"serial", Column::index},
});

struct Words {
    std::string_view word;
    std::string_view code;
};
// The longer one of two that fit counts: 非法開門 is no 開門.
constexpr auto kEventWords = std::to_array<Words>({
    {"未註冊", "access.denied.unknown_credential"},
    {"無效卡", "access.denied.unknown_credential"},
    {"未知卡", "access.denied.unknown_credential"},
    {"非法卡", "access.denied.unknown_credential"},
    {"時段不符", "access.denied.not_permitted_time"},
    {"非開放時段", "access.denied.not_permitted_time"},
    {"非允許時段", "access.denied.not_permitted_time"},
    {"無權限", "access.denied.unauthorized"},
    {"權限不足", "access.denied.unauthorized"},
    {"拒絕", "access.denied.unauthorized"},
    {"過期", "access.denied.expired"},
    {"逾期卡", "access.denied.expired"},
    {"掛失", "access.denied.disabled"},
    {"停用", "access.denied.disabled"},
    {"密碼錯誤", "access.denied.pin"},
    {"反潛回", "access.denied.antipassback"},
    {"防重複進出", "access.denied.antipassback"},
    {"互鎖", "access.denied.interlock"},
    {"脅迫", "access.duress"},
    {"挾持", "access.duress"},
    {"刷卡成功", "access.granted"},
    {"正常刷卡", "access.granted"},
    {"正常開門", "access.granted"},
    {"合法卡", "access.granted"},
    {"允許", "access.granted"},
    {"通行", "access.granted"},
    {"開門", "door.opened"},
    {"門開啟", "door.opened"},
    {"關門", "door.closed"},
    {"門關閉", "door.closed"},
    {"開門按鈕", "door.rex"},
    {"按鈕開門", "door.rex"},
    {"出門按鈕", "door.rex"},
    {"強制開門", "door.forced_open"},
    {"強行開門", "door.forced_open"},
    {"非法開門", "door.forced_open"},
    {"外力開門", "door.forced_open"},
    {"開門逾時", "door.held_open"},
    {"開門過久", "door.held_open"},
    {"門未關", "door.held_open"},
    {"遠端開門", "door.remote_open"},
    {"緊急開門", "door.emergency_open"},
    {"火警", "door.fire_release"},
    {"消防", "door.fire_release"},
    {"拆機", "door.tamper"},
    {"防拆", "door.tamper"},
    {"斷線", "acs.controller_offline"},
    {"離線", "acs.controller_offline"},
    {"連線", "acs.controller_online"},
    {"重新啟動", "acs.controller_restart"},
    {"校時", "acs.clock_changed"},
    {"停電", "power.on_battery"},
    {"復電", "power.restored"},
});
constexpr auto kGoodStates =
    std::to_array<std::string_view>({"成功", "正常", "合法", "允許", "通過", "ok", "success"});
constexpr auto kBadStates =
    std::to_array<std::string_view>({"失敗", "拒絕", "異常", "非法", "無效", "fail", "denied"});

/// Titles are written with blanks, hyphens and capitals or without.
std::string plain(std::string_view text) {
    std::string out;
    for (const char letter : text) {
        if (letter == ' ' || letter == '_' || letter == '-' || letter == '/') continue;
        out += letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    }
    return out;
}

std::string_view longest_fit(std::string_view text) {
    const Words* best = nullptr;
    for (const Words& words : kEventWords)
        if (text.find(words.word) != std::string_view::npos &&
            (best == nullptr || best->word.size() < words.word.size()))
            best = &words;
    return best == nullptr ? std::string_view{} : best->code;
}

bool is_among(std::string_view word, const auto& words) {
    return std::ranges::find(words, word) != words.end();
}

}  // namespace

namespace detail {

std::optional<Column> column_from(std::string_view title) {
    const std::string name = plain(title);
    const auto* found = std::ranges::find(kTitles, std::string_view{name}, &Title::title);
    if (found == kTitles.end()) return std::nullopt;
    return found->column;
}

}  // namespace detail

std::string_view code_of_words(std::string_view event, std::string_view state) noexcept {
    constexpr std::string_view kUnknown = "access.unknown";
    const auto own = std::ranges::find(all_codes(), event);
    if (own != all_codes().end()) return *own;
    const bool is_good = is_among(state, kGoodStates);
    const bool is_bad = is_among(state, kBadStates);
    // A card was shown; the state says how it ended, in its own words or as yes or no.
    if (event.empty() || event == "刷卡" || event == "讀卡") {
        if (is_good) return "access.granted";
        if (const auto code = longest_fit(state); !code.empty()) return code;
        return is_bad ? "access.denied.unauthorized" : kUnknown;
    }
    const auto code = longest_fit(event);
    if (code == "access.granted" && is_bad) return "access.denied.unauthorized";
    return code.empty() ? kUnknown : code;
}

}  // namespace sluice::access
