#include "storage/release/codes.hpp"

#include <algorithm>
#include <array>

namespace sluice::release {
namespace {

constexpr CodeRow row(
    std::string_view code,
    std::string_view article,
    unsigned status,
    bool is_curable,
    std::string_view evidence,
    std::string_view title,
    std::string_view title_zh
) {
    return {code, article, status, is_curable, evidence, title, title_zh, false, false};
}
constexpr CodeRow liftable(CodeRow made) {
    made.may_be_lifted = true;
    return made;
}

constexpr CodeRow ground(CodeRow made) {
    made.is_refusal_ground = true;
    return made;
}

// clang-format off
constexpr std::array kCodes{
    // Article 10: refusals. Nothing but leaving out the part cures the first four.
    ground(row("ART10_1_STATUTORY_SECRET", "10(1)", 403, true, "", "A law keeps this secret", "依法應保密之事項")),
    ground(row("ART10_2A_INVESTIGATION", "10(2)", 403, true, "", "It would harm an investigation", "妨害犯罪偵查、追訴或執行")),
    ground(row("ART10_2B_FAIR_TRIAL", "10(2)", 403, true, "", "It would harm a fair trial", "妨害公正裁判")),
    ground(row("ART10_2C_LIFE_SAFETY", "10(2)", 403, true, "", "It would endanger somebody's life or safety", "危害他人生命、身體、自由或財產安全")),
    ground(row("ART10_3_THIRD_PARTY_PRIVACY", "10(3)", 403, true, "written consent of every affected person", "It shows third persons who have not consented", "涉及第三人隱私且未得書面同意")),
    // Gates of articles 7, 8, 9 and 12.
    row("ART7_NOT_APPROVED", "7", 403, true, "an approval", "Nobody has approved this", "未經核准"),
    row("ART7_2_DEPARTED_ACCOUNT", "7(2)", 403, false, "", "The account's holder has left", "帳號所有人已離職"),
    row("ART8_NO_DOSSIER", "8", 409, true, "", "No dossier is open yet", "尚未立專卷"),
    ground(liftable(row("ART9_1A_NOT_PERSONAL_RIGHTS", "9(1)", 422, true, "", "The purpose is no protection of personal rights", "申請目的非維護個人權益"))),
    row("ART9_1B_NO_REASON", "9(1)", 422, true, "", "The form gives no reason", "未填申請事由"),
    row("ART9_1C_NO_PERIOD", "9(1)", 422, true, "", "The form names no period", "未填申請時段"),
    row("ART9_1D_NO_LEVEL1_APPROVAL", "9(1)", 409, true, "signature of the first-level approver", "The first-level approver has not signed", "未經一層核准"),
    liftable(row("ART9_2A_NO_LEGAL_INTEREST", "9(2)", 422, true, "statement of the legal interest", "No legal interest is stated", "未敘明法律上利害關係")),
    liftable(row("ART9_2B_NO_POLICE_REPORT", "9(2)", 422, true, "police report", "The police report is missing", "未附報案證明")),
    row("ART9_2C_NO_FORM", "9(2)", 422, true, "the signed form", "The signed form is missing", "未附簽章之申請表"),
    row("ART9_2D_NO_BUREAU_CONSENT", "9(2)", 409, true, "the decision", "The bureau has not consented yet", "未經本局同意"),
    row("ART9_3A_NO_OFFICIAL_LETTER", "9(3)", 422, true, "official letter", "The official letter is missing", "未附公文"),
    ground(row("ART9_3B_NOT_JUDICIAL", "9(3)", 422, true, "statute that gives the power", "It is no judicial body and cites no statute", "非司法機關且未敘明法律依據")),
    row("ART9_4A_NO_ESCORT", "9(4)", 403, true, "an escort who is present", "No escort is present", "無陪同人員"),
    row("ART9_4B_NO_REGISTER_ENTRY", "9(4)", 409, true, "an entry of the register", "The register has no entry of it", "未登記於專簿"),
    row("ART9_4C_RECORD_FLOOR_1Y", "9(4)", 423, true, "", "Records are kept for a year at least", "專卷專簿至少保存一年"),
    row("ART12_EXCEPTION_INVALID", "12", 422, true, "document of the director", "The exception does not hold", "例外核准不符規定"),
    // The form and its chains.
    liftable(row("FORM_VIEW_PREFERRED", "form", 422, true, "statement why a viewing is not enough", "Viewing is the rule, copying the exception", "以調閱為原則，複製為例外")),
    row("FORM_UNDERTAKING_UNSIGNED", "form", 422, true, "signature under the undertaking", "The undertaking is not signed", "未簽署切結"),
    liftable(row("FORM_PERIOD_TOO_WIDE", "form", 422, true, "", "The period is wider than one request may ask for", "申請時段過長")),
    row("FORM_ETHICS_COUNTERSIGN", "form", 409, true, "countersignature of the ethics office", "The ethics office has not countersigned", "未經政風室會辦"),
    row("FORM_CHAIN_INCOMPLETE", "form", 409, true, "the next signature of the chain", "An earlier signature of the chain is missing", "簽核程序未完成"),
    row("FORM_INCOMPLETE", "form", 422, true, "", "The form is not complete", "申請表未填完整"),
    row("SOD_SELF_APPROVAL", "control", 403, true, "another person", "Another person has to do this", "應由他人辦理"),
    row("DIRECTOR_IN_PERSON", "form", 403, true, "the director's own decision", "The ethics office objects: the director decides in person", "政風室表示反對，應由局長親自決定"),
    // Retention.
    row("RET_FLOOR_30D", "7(3)", 423, true, "", "The footage is younger than its floor", "未逾最低保存期限"),
    row("RET_HOLD_ACTIVE", "7", 423, true, "release of the hold", "A hold keeps the footage", "影像保全中"),
    row("RET_CEILING_1Y", "7(5)", 422, true, "statute or case number", "Footage is gone within a year", "影像至遲一年內銷毀"),
    // What is not there.
    row("NOT_HELD_NEVER_RECORDED", "", 404, false, "", "It was never recorded", "未曾錄存"),
    row("NOT_HELD_OTHER_CONTROLLER", "", 404, false, "", "Another body keeps it", "非本機關保有"),
    row("NOT_HELD_OVERWRITTEN", "", 410, false, "", "It was overwritten in the rolling window", "已依保存期限覆寫"),
    row("NOT_HELD_DESTROYED", "", 410, false, "", "It was destroyed under a certificate", "已依規定銷毀"),
    row("FOOTAGE_HELD", "9", 409, false, "", "There is footage of it", "影像仍保有"),
    // Screening, decision, release.
    row("GROUND_UNKNOWN", "", 409, true, "the worksheet, complete", "A ground is not examined yet", "審查尚未完成"),
    row("MASK_NOT_RENDERED", "10(3)", 409, true, "the masked rendering", "The masked rendering is not made", "遮蔽處理尚未完成"),
    row("CLIP_NOT_UNIFORM", "", 409, true, "", "It is no one piece", "影像非單一連續片段"),
    row("NOT_YET_DURABLE", "", 409, true, "", "It is not safely stored yet", "影像尚未寫入完成"),
    row("GRANT_EMPTY", "9(1)", 422, true, "", "No frame lies inside what is granted", "核准時段內無完整影像"),
    row("LEDGER_UNAVAILABLE", "", 503, true, "", "The audit log can't take it now", "稽核紀錄暫時無法寫入"),
    row("RETURN_LIST_MISSING", "9(2)", 422, true, "list of what is missing", "What is missing has to be named", "應列明補正事項"),
    row("SIGNED_PAPER_MISSING", "9", 422, true, "the applicant's signed paper", "The applicant's signed paper is missing", "未附申請人簽章文件"),
    row("CORRECTION_TOO_LATE", "9(2)", 409, false, "", "The time to complete the request is over", "已逾補正期限"),
    row("EXTENSION_SPENT", "9", 409, false, "", "The decision may not be put off any more", "決定期限不得再延長"),
    row("EXTENSION_TOO_LATE", "9", 409, false, "", "The time for the decision is over already", "決定期限已過，不得延長"),
    row("OPINION_GIVEN", "form", 409, false, "", "This office has given its opinion", "已表示會辦意見"),
    row("OPINION_NO_GROUND", "form", 422, true, "ground of the objection", "An objection needs its ground", "反對意見應敘明理由"),
    row("DECISION_NO_REASONS", "9", 422, true, "reasons", "A decision needs its reasons", "決定應附理由"),
    row("REFUSAL_NO_GROUND", "10", 422, true, "a ground of articles 9 or 10", "A refusal needs its ground", "不予核准應載明條款"),
    row("PART_OUTSIDE_REQUEST", "9(1)", 422, true, "", "A part lies outside what was asked for", "核准範圍逾申請範圍"),
    row("CONSENT_IN_FORCE", "10(3)", 409, false, "", "No consent was withdrawn since the decision", "同意未經撤回"),
    row("SLOT_INVALID", "9(4)", 422, true, "", "The appointment is not complete", "排定時段不完整"),
    row("GRANT_EXPIRED", "9", 409, true, "a new decision", "The grant does not reach so far", "核准已逾效期"),
    row("VIEWER_ABSENT", "9(4)", 403, true, "the viewer, authenticated", "The viewer is not present", "調閱人未到場"),
    row("COMPLETION_UNSIGNED", "9(4)", 422, true, "the applicant's signature", "The applicant has not signed the completion", "申請人未簽名確認"),
    row("ESCORT_NOT_ATTESTED", "9(4)", 422, true, "the escort's attestation", "The escort has not attested the completion", "陪同人員未確認"),
    row("RECEIPT_MISSING", "9(4)", 409, true, "receipt of every copy", "A copy has no receipt", "複製品未簽收"),
    row("APPEAL_TOO_LATE", "remedy", 409, false, "", "The time to appeal is over", "已逾救濟期間"),
    row("REMEDY_OPEN", "remedy", 409, false, "", "The time to appeal is not over yet", "救濟期間尚未屆滿"),
    row("OUTCOME_MISSING", "remedy", 422, true, "document with the outcome", "The outcome's document is missing", "未附救濟結果文件"),
    row("REQUEST_STATE", "", 409, false, "", "The request is in another state", "案件狀態不符"),
    row("ROLE_NOT_ALLOWED", "", 403, false, "", "This is not for the role to do", "權限不符"),
    row("UNAUTHENTICATED", "", 401, true, "a token or a session", "A token or a session is needed", "須先登入"),
    row("AUTH_TOTP_REQUIRED", "", 403, true, "a session opened with a second factor", "This takes a session that was opened with a second factor", "須以第二因子登入"),
    row("NOT_DUE", "", 409, false, "", "Its time has not come", "期限尚未屆至"),
};
// clang-format on

}  // namespace

std::span<const CodeRow> all_codes() noexcept {
    return kCodes;
}

const CodeRow* find_code(std::string_view code) noexcept {
    const auto found = std::ranges::find(kCodes, code, &CodeRow::code);
    return found == kCodes.end() ? nullptr : &*found;
}

}  // namespace sluice::release
