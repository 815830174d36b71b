#include "storage/print/pages.hpp"

#include "storage/calendar/date.hpp"
#include "storage/print/html.hpp"
#include "storage/print/pdf.hpp"
#include "tests/unit/print/printed.hpp"

#include <algorithm>
#include <chrono>
#include <set>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::print;

namespace {

/// As the form is before anybody ticks.
std::string unticked(std::string text) {
    for (auto place = text.find("☑"); place != std::string::npos; place = text.find("☑"))
        text.replace(place, std::string_view{"☑"}.size(), "☐");
    return text;
}

struct Desk {
    Uuid left = make_uuid_v7(at("2026-11-01T00:00:00Z"));
    std::map<Uuid, std::string> cameras{{left, "迎賓車道左側"}};
    release::Case request;

    [[nodiscard]] Paper paper() const {
        return {
            .request = request,
            .cameras = cameras,
            .texts = texts::shipped_texts(),
            .made = at("2019-10-15T02:00:00Z")
        };
    }
    /// An external copy that is decided in part.
    void fill() {
        request.channel = release::Channel::external;
        request.kind = release::Kind::copy;
        request.applicant = "李大華";
        request.unit = "民眾";
        request.cameras = {left};
        request.interval = TimeRange{at("2019-10-02T10:00:00Z"), at("2019-10-02T10:30:00Z")};
        request.submitted = at("2019-10-03T02:00:00Z");
        request.form.reason = "停車場擦撞，<釐清>責任 & 求償";
        request.form.phone = "06-0000000";
        request.form.is_undertaken = true;
        request.dossier_number = "108/000007";
        request.signatures.push_back(
            {.chain = release::Chain::b,
             .round = 1,
             .seat = release::Part::ethics,
             .unit = "政風室",
             .signer_id = left,
             .signer = "陳政風",
             .at = at("2019-10-14T03:00:00Z"),
             .note = {}}
        );
        request.grant = release::Grant{
            .id = left,
            .kind = release::Kind::copy,
            .decided = at("2019-10-14T06:00:00Z"),
            .valid_to = at("2019-11-13T16:00:00Z"),
            .is_masked = false,
            .conditions = "僅供訴訟使用",
            .decider_id = left,
            .decider = "局長",
            .items =
                {{.camera_id = left,
                  .stream = "main",
                  .asked = *request.interval,
                  .resolved = {at("2019-10-02T10:00:00.480Z"), at("2019-10-02T10:20:00Z")},
                  .is_outward = false}}
        };
    }
};

DecisionFacts in_part() {
    return {
        .outcome = Outcome::granted_partial,
        .reasons =
            {{"ART10_3_THIRD_PARTY_PRIVACY", "十八時二十分後之畫面"}, {"ART10_1_STATUTORY_SECRET", ""}},
        .statement = "其餘與事由無關。",
        .conditions = "僅供訴訟使用",
        .decided = at("2019-10-14T06:00:00Z"),
        .decider = "局長",
        .remedy_days = 30,
    };
}

}  // namespace

TEST_CASE("the empty form has the customer's labels in their order, on paper and on the screen", "[print]") {
    const Desk desk;
    const Document form = request_form(desk.paper(), std::nullopt, std::nullopt);
    const auto labels = lines_of(SLUICE_SOURCE_DIR, "form_labels.txt");
    REQUIRE(labels.size() == 31);
    CHECK(missing_in_order(unticked(words_of(form)), labels).empty());
    CHECK(missing_in_order(unticked(tagless(to_html(form))), labels).empty());
    auto swapped = labels;
    std::swap(swapped[9], swapped[12]);
    CHECK_FALSE(missing_in_order(unticked(words_of(form)), swapped).empty());
}

TEST_CASE("the form's notes are the texts of the file, each marked as a draft", "[print][texts]") {
    const Desk desk;
    const std::string words = words_of(request_form(desk.paper(), std::nullopt, std::nullopt));
    std::vector<std::string> expected{"草案", "備註"};
    for (const char* note : {"form.note_1", "form.note_2", "form.note_3", "form.note_4"})
        expected.push_back("〔草案〕" + texts::shipped_texts().get(note).text);
    CHECK(missing_in_order(words, expected).empty());
    CHECK(missing_in_order(words, {"☑調閱（〔草案〕" + texts::shipped_texts().get("form.ethics_note").text})
              .empty());
    CHECK(missing_in_order(
              words, {"☐局外調閱/複製（〔草案〕" + texts::shipped_texts().get("form.police_note").text}
    )
              .empty());
}

TEST_CASE("a filled form shows who, what, when in years of the Republic, and what was decided", "[print]") {
    Desk desk;
    desk.fill();
    const Completion done{release::Kind::copy, at("2019-10-21T01:15:00Z"), "李大華"};
    const Document form = request_form(desk.paper(), in_part(), done);
    const std::vector<std::string> expected{
        "108年10月3日",
        "民眾",
        "李大華",
        "06-0000000",
        "☐調閱",
        "☑複製",
        "☑局外調閱/複製",
        "<釐清>責任 & 求償",
        "自108年10月2日18時0分起至108年10月2日18時30分止",
        "迎賓車道左側",
        "☐調閱時間：年月日時分",
        "☑複製時間：108年10月21日9時15分",
        "申請人簽名：李大華",
        "政風室陳政風108年10月14日",
        "☑核准(附款或注意項)：僅供訴訟使用",
        "☐不予核准(原因)",
        "專卷第108/000007號",
    };
    CHECK(missing_in_order(words_of(form), expected).empty());
    const std::string html = to_html(form);
    CHECK(html.find("&lt;釐清&gt;責任 &amp; 求償") != std::string::npos);
    CHECK(html.find("<釐清>") == std::string::npos);
}

TEST_CASE(
    "a decision gives outcome, scope, reasons, law and remedy; a letter the same as points",
    "[print]"
) {
    Desk desk;
    desk.fill();
    const auto& texts = texts::shipped_texts();
    const std::string privacy = "〔草案〕一、" + texts.get("reason.ART10_3_THIRD_PARTY_PRIVACY").text;
    const std::string remedy = "次日起30日內";
    const std::string scope = "迎賓車道左側：108年10月2日18:00:00.480至108年10月2日18:20:00.000";
    CHECK(missing_in_order(
              words_of(decision_page(desk.paper(), in_part())),
              {"決定書",   "108/000007",
               "決定日期", "108年10月14日",
               "決定",     texts.get("decision.granted_partial").text,
               "核准範圍", scope,
               "附款",     "僅供訴訟使用",
               "有效期限", "理由",
               privacy,    "十八時二十分後之畫面",
               "二、",     "三、其餘與事由無關。",
               "法令依據", "10(3)、10(1)",
               "救濟",     remedy,
               "決定人",   "局長"}
    )
              .empty());
    CHECK(missing_in_order(
              words_of(reply_letter(desk.paper(), in_part())),
              {"函",
               "受文者",
               "李大華",
               "發文日期",
               "108年10月15日",
               "發文字號",
               "主旨",
               "貴君申請",
               "同意所請之一部",
               "說明",
               "專卷第108/000007號",
               texts.get("reason.ART10_3_THIRD_PARTY_PRIVACY").text,
               "核准範圍",
               scope,
               "附款",
               remedy}
    )
              .empty());
    desk.request.channel = release::Channel::judicial;
    desk.request.form.letter_number = "南檢字第123";
    desk.request.form.letter_date = "2019-10-01";
    CHECK(missing_in_order(
              words_of(reply_letter(desk.paper(), in_part())),
              {"一、依據貴機關108年10月1日南檢字第123號函辦理"}
    )
              .empty());
}

TEST_CASE("every code of a refusal has words of its own or its title", "[print]") {
    Desk desk;
    desk.fill();
    DecisionFacts decision = in_part();
    decision.outcome = Outcome::refused;
    decision.reasons = {{"FORM_PERIOD_TOO_WIDE", ""}};
    CHECK(
        missing_in_order(to_html(decision_page(desk.paper(), decision)), {"所請與下列規定不符：申請時段過長"})
            .empty()
    );
}

TEST_CASE("the register goes on over pages with its headings on each", "[print]") {
    std::vector<RegisterLine> lines;
    for (int i = 1; i <= 60; ++i)
        lines.push_back(
            {.number = std::to_string(i),
             .dossier = "108/" + std::to_string(i),
             .received = "108-10-02",
             .applicant = "工程科/王小明",
             .channel = "局內",
             .kind = "調閱",
             .reason = "設備損壞之查明",
             .footage = "迎賓車道左側 18:00–18:30",
             .decision = "核准",
             .escort = "林秘書",
             .times = "09:00–09:20",
             .delivered = "完整",
             .copy = "",
             .receipt = "王小明",
             .remark = ""}
        );
    const TimeRange october{at("2019-09-30T16:00:00Z"), at("2019-10-31T16:00:00Z")};
    const std::string words = words_of(register_page(lines, october, at("2019-11-01T02:00:00Z")));
    const auto labels = lines_of(SLUICE_SOURCE_DIR, "register_labels.txt");
    REQUIRE(labels.size() == 15);
    CHECK(missing_in_order(words, labels).empty());
    CHECK(missing_in_order(words, {"期間：108年10月1日至108年10月31日"}).empty());
    const auto pages = std::ranges::count(words, '\f');
    CHECK(pages >= 3);
    const std::string page = solid(words);
    std::ptrdiff_t headings = 0;
    for (auto place = page.find("攝影機與時段"); place != std::string::npos;
         place = page.find("攝影機與時段", place + 1))
        ++headings;
    CHECK(headings == pages);
    for (int i = 1; i <= 60; ++i)
        CHECK(page.find("108/" + std::to_string(i) + "108-10-02") != std::string::npos);
}

TEST_CASE("a text longer than a page is continued, and loses nothing", "[print]") {
    Desk desk;
    desk.fill();
    std::string reason;
    for (int i = 0; i < 1500; ++i)
        reason += "第" + std::to_string(i) + "句；";
    desk.request.form.reason = reason;
    const std::string words = words_of(request_form(desk.paper(), std::nullopt, std::nullopt));
    CHECK(std::ranges::count(words, '\f') >= 3);
    std::string page = solid(words);
    int lost = 0;
    for (int i = 0; i < 1500; ++i) {
        // A sentence may be torn by the foot of a page.
        if (page.find("第" + std::to_string(i) + "句") == std::string::npos) ++lost;
    }
    CHECK(lost <= 6);
    CHECK(
        missing_in_order(words, {"第0句", "第1499句", "申請人調閱(複製)完畢後簽名確認欄", "機關首長"}).empty()
    );
}

TEST_CASE("a copy's receipt names its files, hashes and the last day on which it may exist", "[print]") {
    const CopyFacts copy{
        .number = "108/000007-1",
        .dossier = "108/000007",
        .recipient = "李大華",
        .files = {"drive-left.mp4　0f1e2d"},
        .sealed = at("2019-10-21T01:15:00Z"),
        .destroy_by = at("2020-09-30T16:00:00Z"),
        .escort = "林秘書",
    };
    CHECK(missing_in_order(
              words_of(copy_receipt(copy, texts::shipped_texts(), at("2019-10-21T02:00:00Z"))),
              {"複製品編號",
               "108/000007-1",
               "領受人",
               "李大華",
               "drive-left.mp4",
               "0f1e2d",
               "銷毀期限",
               "109年9月30日",
               texts::shipped_texts().get("copy.undertaking").text,
               "領受人簽名"}
    )
              .empty());
}

TEST_CASE("the same page made at the same time is the same bytes", "[print]") {
    Desk desk;
    desk.fill();
    const Document page = decision_page(desk.paper(), in_part());
    const auto first = to_pdf(page);
    REQUIRE(first);
    CHECK(*first == *to_pdf(page));
    CHECK(first->find("2019") != std::string::npos);
}

TEST_CASE("hostile texts stay texts", "[print]") {
    Desk desk;
    desk.fill();
    desk.request.applicant = std::string{"\x1b[31m\x7f\0 \xff", 9};
    desk.request.form.reason = "<script>alert('x')</script>\"";
    const Document form = request_form(desk.paper(), std::nullopt, std::nullopt);
    const std::string html = to_html(form);
    CHECK(html.find("<script") == std::string::npos);
    CHECK(html.find("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;") != std::string::npos);
    CHECK(html.find('\x1b') == std::string::npos);
    CHECK(words_of(form).find("<script>") != std::string::npos);
    CHECK(html_security_policy().starts_with("default-src 'none'; style-src 'sha256-"));
}
