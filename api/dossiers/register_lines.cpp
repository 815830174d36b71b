#include "api/dossiers/detail/register_lines.hpp"

#include "storage/calendar/date.hpp"

#include <array>
#include <map>

#include <nlohmann/json.hpp>

namespace sluice::api::dossiers {

using catalogue::RegisterEntry;
using nlohmann::json;
using print::RegisterLine;
using release::Entry;

namespace {

constexpr std::array kColumns{
    std::pair{"編號", &RegisterLine::number},
    std::pair{"專卷號", &RegisterLine::dossier},
    std::pair{"收件日", &RegisterLine::received},
    std::pair{"申請單位/申請人", &RegisterLine::applicant},
    std::pair{"類別(局內/局外/司法)", &RegisterLine::channel},
    std::pair{"項目(調閱/複製)", &RegisterLine::kind},
    std::pair{"事由", &RegisterLine::reason},
    std::pair{"攝影機與時段", &RegisterLine::footage},
    std::pair{"決定及條款", &RegisterLine::decision},
    std::pair{"陪同人員", &RegisterLine::escort},
    std::pair{"起訖時間", &RegisterLine::times},
    std::pair{"實際提供內容", &RegisterLine::delivered},
    std::pair{"複製品編號/銷毀期限", &RegisterLine::copy},
    std::pair{"申請人簽收", &RegisterLine::receipt},
    std::pair{"備註", &RegisterLine::remark},
};

std::string text_of(const json& facts, const char* name) {
    const auto found = facts.find(name);
    return found != facts.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::string minute_of(const json& facts, const char* name) {
    const auto at = from_rfc3339(text_of(facts, name));
    return at ? calendar::to_roc_minute(*at) : std::string{};
}

std::string day_of(const json& facts, const char* name) {
    const auto at = from_rfc3339(text_of(facts, name));
    return at ? calendar::to_roc_text(calendar::taipei_date(*at)) : std::string{};
}

std::string period_of(const json& facts) {
    const std::string from = minute_of(facts, "from");
    const std::string to = minute_of(facts, "to");
    return from.empty() && to.empty() ? std::string{} : from + "至" + to;
}

std::string joined(const json& list) {
    std::string text;
    if (list.is_array())
        for (const json& one : list)
            if (one.is_string()) text += (text.empty() ? "" : "、") + one.get<std::string>();
    return text;
}

void append(std::string& cell, const std::string& text) {
    if (text.empty()) return;
    cell += (cell.empty() ? "" : "；") + text;
}

std::string channel_text(const std::string& word) {
    if (word == "internal") return "局內";
    if (word == "external") return "局外";
    return word == "judicial" ? "司法" : word;
}

std::string kind_text(const std::string& word) {
    return word == "copy" ? "複製" : word == "view" ? "調閱" : word;
}

const char* end_text(Entry kind) {
    switch (kind) {
        case Entry::completed:
            return "核准，辦理完畢";
        case Entry::refused:
            return "不予核准";
        case Entry::not_held:
            return "未保有";
        case Entry::withdrawn:
            return "撤回";
        case Entry::lapsed:
            return "逾期失效";
        case Entry::revoked:
            return "廢止核准";
        case Entry::opened:
        case Entry::session:
        case Entry::copy:
        case Entry::corrected:
        case Entry::uncollected:
            return "";
    }
    return "";
}

/// What a grant in part had refused, when the appeal against it has failed.
constexpr const char* kRefusedInPart = "部分不予核准";

std::string appeal_text(const json& facts) {
    const std::string document = text_of(facts, "document");
    return document.empty() ? "訴願駁回" : "訴願駁回（" + document + "）";
}

void open_line(RegisterLine& line, const RegisterEntry& entry, const json& facts) {
    line.number = std::to_string(entry.line);
    line.dossier = entry.dossier_number;
    line.received = day_of(facts, "received");
    line.applicant = text_of(facts, "unit") + "/" + text_of(facts, "applicant");
    line.channel = channel_text(text_of(facts, "channel"));
    line.kind = kind_text(text_of(facts, "kind"));
    line.reason = text_of(facts, "reason");
    line.footage = joined(facts.value("cameras", json::array())) + " " + period_of(facts);
}

/// As its receipt has it: "115/000001-1".
std::string copy_number(const RegisterEntry& entry, const json& facts) {
    const auto number = facts.find("number");
    if (number == facts.end() || !number->is_number_integer()) return text_of(facts, "copy");
    return entry.dossier_number + "-" + std::to_string(number->get<std::int64_t>());
}

/// What a viewing delivered, camera by camera.
std::string delivered_text(const json& facts) {
    std::string text;
    for (const json& camera : facts.value("cameras", json::array())) {
        if (!camera.is_object()) continue;
        std::string ranges;
        for (const json& range : camera.value("delivered", json::array()))
            append(ranges, period_of(range));
        append(text, text_of(camera, "camera") + " " + ranges);
    }
    return text;
}

void add_correction(RegisterLine& line, const json& facts) {
    const auto corrected = facts.find("line");
    const std::string number = corrected != facts.end() && corrected->is_number_integer()
                                   ? "第" + std::to_string(corrected->get<std::int64_t>()) + "項"
                                   : std::string{};
    append(
        line.remark, "更正" + number + "：" + text_of(facts, "text") + "（" + text_of(facts, "reason") + "）"
    );
}

void add_entry(RegisterLine& line, const RegisterEntry& entry) {
    const json facts = json::parse(entry.facts, nullptr, false);
    if (!facts.is_object()) return;
    switch (entry.kind) {
        case Entry::opened:
            return open_line(line, entry, facts);
        case Entry::session:
            append(line.escort, text_of(facts, "escort"));
            append(line.times, period_of(facts));
            append(line.delivered, delivered_text(facts));
            return;
        case Entry::copy:
            append(line.copy, copy_number(entry, facts) + "/" + day_of(facts, "due"));
            return;
        case Entry::completed:
            append(line.receipt, calendar::to_roc_minute(entry.at));
            append(line.decision, end_text(entry.kind));
            return;
        case Entry::corrected:
            return add_correction(line, facts);
        case Entry::uncollected:
            append(line.remark, "複製品" + copy_number(entry, facts) + "逾期未領");
            return;
        case Entry::refused:
        case Entry::not_held:
        case Entry::withdrawn:
        case Entry::lapsed:
        case Entry::revoked: {
            const bool is_upheld = facts.contains("upheld");
            std::string text = is_upheld ? kRefusedInPart : end_text(entry.kind);
            const std::string grounds = joined(facts.value("grounds", json::array()));
            if (!grounds.empty()) text += "(" + grounds + ")";
            append(line.decision, text);
            if (is_upheld) append(line.remark, appeal_text(facts));
            return;
        }
    }
}

std::string csv_cell(std::string_view text) {
    constexpr std::string_view kFormula = "=+-@\t\r";
    std::string cell = "\"";
    if (!text.empty() && kFormula.find(text.front()) != std::string_view::npos) cell += '\'';
    for (const char letter : text) {
        if (letter == '"') cell += '"';
        cell += letter;
    }
    return cell + '"';
}

}  // namespace

std::vector<RegisterLine> register_lines(const std::vector<RegisterEntry>& entries) {
    std::vector<RegisterLine> lines;
    std::map<std::string, std::size_t> places;
    for (const RegisterEntry& entry : entries) {
        const auto [place, is_new] = places.emplace(entry.dossier_number, lines.size());
        if (is_new) {
            lines.emplace_back();
            lines.back().dossier = entry.dossier_number;
        }
        add_entry(lines[place->second], entry);
    }
    return lines;
}

std::string register_csv(const std::vector<RegisterLine>& lines) {
    std::string csv = "\xEF\xBB\xBF";
    const auto end_row = [&] {
        csv.pop_back();
        csv += "\r\n";
    };
    for (const auto& [heading, cell] : kColumns)
        csv += csv_cell(heading) + ',';
    end_row();
    for (const RegisterLine& line : lines) {
        for (const auto& [heading, cell] : kColumns)
            csv += csv_cell(line.*cell) + ',';
        end_row();
    }
    return csv;
}

}  // namespace sluice::api::dossiers
