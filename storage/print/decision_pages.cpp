#include "storage/calendar/date.hpp"
#include "storage/print/detail/parts.hpp"
#include "storage/print/words.hpp"

namespace sluice::print {
namespace {

using detail::content;
using detail::label;
using release::Case;
using release::Channel;

constexpr const char* kOffice = "臺南市政府水利局";

std::string dossier_of(const Case& request) {
    return request.dossier_number.value_or("");
}

std::string key(const char* group, Outcome outcome) {
    return std::string{group} + std::string{detail::word(outcome)};
}

std::string number(std::size_t place) {
    static constexpr const char* kNumbers[] = {"一", "二", "三", "四", "五", "六", "七", "八", "九", "十"};
    return place < std::size(kNumbers) ? kNumbers[place] : std::to_string(place + 1);
}

/// One reason a paragraph, numbered, then what the decider says beside them.
void add_reasons(Document& document, const Paper& paper, const DecisionFacts& decision) {
    if (decision.reasons.empty() && decision.statement.empty()) return;
    document.blocks.emplace_back(Heading{"理由"});
    std::size_t place = 0;
    for (const Reason& reason : decision.reasons) {
        const texts::Text text = detail::reason_text(paper.texts, reason);
        document.blocks.emplace_back(Paragraph{number(place++) + "、" + text.text, text.is_draft});
    }
    if (!decision.statement.empty())
        document.blocks.emplace_back(Paragraph{number(place) + "、" + decision.statement});
}

void add_law(Document& document, const DecisionFacts& decision) {
    const std::string articles = detail::articles(decision.reasons);
    if (articles.empty()) return;
    document.blocks.emplace_back(Heading{"法令依據"});
    document.blocks.emplace_back(Paragraph{"管理規定：" + articles});
}

void add_remedy(Document& document, const Paper& paper, const DecisionFacts& decision) {
    if (decision.outcome == Outcome::granted || decision.remedy_days == 0) return;
    document.blocks.emplace_back(Heading{"救濟"});
    document.blocks.emplace_back(detail::paragraph(
        paper.texts.fill("decision.remedy", {{"days", std::to_string(decision.remedy_days)}})
    ));
}

void add_grant(Document& document, const Paper& paper, const DecisionFacts& decision) {
    const std::string footage = detail::granted_footage(paper);
    if (footage.empty()) return;
    Table table{.widths = {1, 4}, .rows = {{label("核准範圍"), content(footage)}}};
    if (!decision.conditions.empty()) table.rows.push_back({label("附款"), content(decision.conditions)});
    table.rows.push_back(
        {label("有效期限"), content(calendar::to_roc_minute(paper.request.grant->valid_to) + "前")}
    );
    document.blocks.emplace_back(std::move(table));
}

Table heading_of(const Paper& paper, const DecisionFacts& decision) {
    const Case& request = paper.request;
    return {
        .widths = {2, 4, 2, 4},
        .rows =
            {{label("專卷號"),
              content(dossier_of(request)),
              label("決定日期"),
              content(calendar::to_roc_text(calendar::taipei_date(decision.decided)))},
             {label("申請單位"), content(request.unit), label("申請人"), content(request.applicant)},
             {label("類別"),
              content(std::string{in_chinese(request.channel)}),
              label("項目"),
              content(std::string{in_chinese(request.kind)})},
             {label("申請事由"), content(request.form.reason, 3)},
             {label("申請時段"),
              content(
                  (request.interval ? detail::period(*request.interval) : std::string{}) + "\n" +
                      detail::camera_names(paper),
                  3
              )}},
    };
}

/// 說明: what it rests on, where it is filed, why, and what comes next.
std::vector<Paragraph> explanations(const Paper& paper, const DecisionFacts& decision) {
    const Case& request = paper.request;
    std::vector<Paragraph> points;
    if (!request.form.letter_number.empty()) {
        const auto date = calendar::date_from(request.form.letter_date);
        const std::string day = date ? calendar::to_roc_text(*date) : request.form.letter_date;
        points.push_back(detail::paragraph(paper.texts.fill(
            "letter.reference", {{"reference", "貴機關" + day + request.form.letter_number + "號函"}}
        )));
    }
    points.push_back(detail::paragraph(paper.texts.fill("letter.case", {{"dossier", dossier_of(request)}})));
    for (const Reason& reason : decision.reasons)
        points.push_back(detail::paragraph(detail::reason_text(paper.texts, reason)));
    if (!decision.statement.empty()) points.push_back({.text = decision.statement});
    if (request.grant && decision.outcome != Outcome::refused) {
        points.push_back({.text = "核准範圍：\n" + detail::granted_footage(paper)});
        if (!decision.conditions.empty()) points.push_back({.text = "附款：" + decision.conditions});
        points.push_back(detail::paragraph(paper.texts.fill(
            "letter.appointment",
            {{"until", calendar::to_roc_text(calendar::taipei_date(request.grant->valid_to))}}
        )));
    }
    if (decision.outcome != Outcome::granted && decision.remedy_days != 0)
        points.push_back(detail::paragraph(
            paper.texts.fill("decision.remedy", {{"days", std::to_string(decision.remedy_days)}})
        ));
    return points;
}

}  // namespace

Document decision_page(const Paper& paper, const DecisionFacts& decision) {
    Document document{
        .title = std::string{kOffice} + "監視器攝錄資料調閱(複製)決定書", .made = paper.made, .blocks = {}
    };
    document.reference = "專卷第" + dossier_of(paper.request) + "號";
    document.blocks.emplace_back(heading_of(paper, decision));
    document.blocks.emplace_back(Heading{"決定"});
    document.blocks.emplace_back(detail::paragraph(paper.texts.get(key("decision.", decision.outcome))));
    add_grant(document, paper, decision);
    add_reasons(document, paper, decision);
    add_law(document, decision);
    add_remedy(document, paper, decision);
    document.blocks.emplace_back(
        Table{.widths = {1, 4}, .rows = {{label("決定人"), content(decision.decider)}}}
    );
    return document;
}

Document reply_letter(const Paper& paper, const DecisionFacts& decision) {
    const Case& request = paper.request;
    const bool is_person = request.channel == Channel::external;
    const std::string recipient = is_person ? request.applicant : request.unit;
    Document document{.title = std::string{kOffice} + "　函", .made = paper.made, .blocks = {}};
    document.reference = "專卷第" + dossier_of(request) + "號";
    document.blocks.emplace_back(Table{
        .widths = {1, 4},
        .rows =
            {{label("受文者"), content(recipient)},
             {label("發文日期"), content(calendar::to_roc_text(calendar::taipei_date(paper.made)))},
             {label("發文字號"), content("")}},
    });
    document.blocks.emplace_back(Heading{"主旨"});
    const char* who = is_person ? "君" : request.channel == Channel::judicial ? "機關" : "單位";
    document.blocks.emplace_back(
        detail::paragraph(paper.texts.fill(key("letter.subject_", decision.outcome), {{"who", who}}))
    );
    document.blocks.emplace_back(Heading{"說明"});
    std::size_t place = 0;
    for (Paragraph& point : explanations(paper, decision)) {
        point.text = number(place++) + "、" + point.text;
        document.blocks.emplace_back(std::move(point));
    }
    return document;
}

}  // namespace sluice::print
