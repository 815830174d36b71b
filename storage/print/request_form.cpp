#include "storage/calendar/date.hpp"
#include "storage/print/detail/parts.hpp"
#include "storage/print/words.hpp"

namespace sluice::print {
namespace {

using detail::content;
using detail::label;
using detail::signature;
using release::Case;
using release::Chain;
using release::Channel;
using release::Kind;
using release::Part;

constexpr const char* kTitle = "臺南市政府水利局安污辦公區管理大樓監視器攝錄資料調閱(複製)申請表";
constexpr const char* kBlankTime = "　年　月　日　時　分";

std::string kinds(const Case& request, const texts::Texts& texts) {
    const auto note = [&](const char* key) {
        const texts::Text& text = texts.get(key);
        return "（" + marked(text.text, text.is_draft) + "）";
    };
    return box(request.kind == Kind::view) + " 調閱" + note("form.ethics_note") + "\n" +
           box(request.kind == Kind::copy) + " 複製" + note("form.ethics_note") + "\n" +
           box(request.channel != Channel::internal) + " 局外調閱/複製" + note("form.police_note");
}

std::string completion(const std::optional<Completion>& done) {
    const auto line = [&](Kind kind, const char* name) {
        const bool is_it = done && done->kind == kind;
        return box(is_it) + " " + name + "：" + (is_it ? calendar::to_roc_minute(done->at) : kBlankTime);
    };
    return line(Kind::view, "調閱時間") + "\n" + line(Kind::copy, "複製時間") + "\n申請人簽名：" +
           (done ? done->signer : std::string{});
}

std::string notes(const texts::Texts& texts, const Case& request) {
    std::string out;
    for (int i = 1; i <= 4; ++i) {
        const texts::Text& text = texts.get("form.note_" + std::to_string(i));
        out += (i == 1 ? "" : "\n") + std::to_string(i) + ". " + marked(text.text, text.is_draft);
    }
    if (request.form.is_undertaken) out += request.applicant;
    return out;
}

Table particulars(const Paper& paper, const std::optional<Completion>& done) {
    const Case& request = paper.request;
    const auto applied = calendar::taipei_date(request.submitted.value_or(request.created));
    Table table{.widths = {3, 4, 2, 4}, .rows = {}};
    table.rows = {
        {label("申請日期"), content(calendar::to_roc_text(applied), 3)},
        {label("單位(機關名稱)"), content(request.unit), label("申請人"), content(request.applicant)},
        {label("分機"), content(request.form.extension), label("聯絡電話"), content(request.form.phone)},
        {label("申請項目"), {.text = kinds(request, paper.texts), .span = 3}},
        {label("申請事由"), content(request.form.reason, 3)},
        {label("申請/調閱時段"),
         content(
             (request.interval ? detail::period(*request.interval)
                               : "自" + std::string{kBlankTime} + "起至" + kBlankTime + "止") +
                 (request.cameras.empty() ? "" : "\n" + detail::camera_names(paper)),
             3
         )},
        {label("申請人調閱(複製)完畢後簽名確認欄"), content(completion(done), 3)},
        {label("備註"), content(notes(paper.texts, request), 3)},
    };
    return table;
}

/// Whoever of the two has signed in the last seat.
std::string head(const Case& request, Chain chain, Part one, Part other) {
    const std::string first = signature(request, chain, one);
    return first.empty() ? signature(request, chain, other) : first;
}

Table applicants_chain(const Case& request) {
    return {
        .widths = {1, 1, 1, 1},
        .rows =
            {{label("申請單位", 4)},
             {label("承辦人"), label("單位主管"), label("審核"), label("機關首長")},
             {content(signature(request, Chain::a, Part::applicant)),
              content(signature(request, Chain::a, Part::unit_head)),
              content(signature(request, Chain::a, Part::reviewer)),
              content(head(request, Chain::a, Part::level1, Part::director))}},
    };
}

std::string consulted(const Case& request) {
    const std::string ethics = signature(request, Chain::b, Part::ethics);
    const std::string others = signature(request, Chain::b, Part::consulted);
    return ethics.empty() || others.empty() ? ethics + others : ethics + "\n" + others;
}

Table secretariats_chain(const Case& request) {
    return {
        .widths = {1, 1, 1, 1, 1},
        .rows =
            {{label("承辦單位", 5)},
             {label("承辦人"), label("單位主管"), label("會辦單位"), label("審核"), label("機關首長")},
             {content(signature(request, Chain::b, Part::handler)),
              content(signature(request, Chain::b, Part::secretariat_head)),
              content(consulted(request)),
              content(signature(request, Chain::b, Part::reviewer)),
              content(head(request, Chain::b, Part::director, Part::delegate))}},
    };
}

bool carries_draft(const texts::Texts& texts, const std::optional<DecisionFacts>& decision) {
    if (decision)
        for (const Reason& reason : decision->reasons)
            if (detail::reason_text(texts, reason).is_draft) return true;
    for (const char* key :
         {"form.ethics_note", "form.police_note", "form.note_1", "form.note_2", "form.note_3", "form.note_4"})
        if (texts.get(key).is_draft) return true;
    return false;
}

Table decision_boxes(const Paper& paper, const std::optional<DecisionFacts>& decision) {
    const bool is_granted =
        decision && (decision->outcome == Outcome::granted || decision->outcome == Outcome::granted_partial);
    const bool is_refused = decision && !is_granted;
    std::string granted = box(is_granted) + " 核准(附款或注意項)：";
    if (is_granted) granted += decision->conditions;
    std::string refused = box(is_refused) + " 不予核准(原因)：";
    if (is_refused)
        for (const Reason& reason : decision->reasons) {
            const texts::Text text = detail::reason_text(paper.texts, reason);
            refused += "\n" + marked(text.text, text.is_draft);
        }
    return {.widths = {1}, .rows = {{content(std::move(granted))}, {content(std::move(refused))}}};
}

}  // namespace

Document request_form(
    const Paper& paper,
    const std::optional<DecisionFacts>& decision,
    const std::optional<Completion>& done
) {
    Document document{
        .title = kTitle,
        .reference = {},
        .carries_draft = carries_draft(paper.texts, decision),
        .made = paper.made,
        .blocks = {}
    };
    if (paper.request.dossier_number) document.reference = "專卷第" + *paper.request.dossier_number + "號";
    document.blocks.emplace_back(particulars(paper, done));
    document.blocks.emplace_back(applicants_chain(paper.request));
    document.blocks.emplace_back(secretariats_chain(paper.request));
    document.blocks.emplace_back(decision_boxes(paper, decision));
    return document;
}

}  // namespace sluice::print
