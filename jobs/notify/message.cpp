#include "jobs/notify/message.hpp"

#include "config/base/base64.hpp"
#include "config/base/bytes.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace sluice::notify {
namespace {

using catalogue::NoticeKind;
using nlohmann::json;

struct Words {
    NoticeKind kind;
    std::string_view chinese;
    std::string_view english;
};
constexpr std::array kWords{
    Words{NoticeKind::hold_expiry, "保存即將到期", "A hold ends soon"},
    Words{NoticeKind::submitted, "有新的調閱(複製)申請", "A request was submitted"},
    Words{NoticeKind::correction_due, "申請待補正", "A request has to be corrected"},
    Words{NoticeKind::countersign_wanted, "申請待會辦", "A countersignature is wanted"},
    Words{NoticeKind::decision, "申請已決定", "A request was decided"},
    Words{NoticeKind::copy_overdue, "複製品逾期未銷毀", "A copy is overdue"},
    Words{NoticeKind::extended, "申請延長決定期限", "The time for a decision was made longer"},
    Words{NoticeKind::third_party_due, "第三人陳述意見期限", "A third person may answer until then"},
    Words{NoticeKind::incident_raised, "發生事件", "An incident was raised"},
    Words{NoticeKind::incident_due, "事件處理逾期", "A step of an incident is overdue"},
    Words{NoticeKind::contractor_camera, "廠商登錄攝影機待核定", "The contractor announced a camera"},
    Words{
        NoticeKind::contractor_finding,
        "廠商介接待改善事項",
        "The contractor's integration has an open finding"
    },
    Words{NoticeKind::contractor_clip, "廠商影像未獲接受", "A clip of the contractor was refused"},
    Words{NoticeKind::inspection_late, "巡檢表逾時未填", "The daily inspection sheet is late"},
    Words{NoticeKind::duty_due, "例行事項到期", "A duty is due"},
    Words{NoticeKind::follow_up_due, "列管事項到期", "A tracked follow-up is due"},
    Words{NoticeKind::repair_opened, "新報修單", "A repair ticket was opened"},
    Words{NoticeKind::recorder_finding, "監視主機有待查事項", "A recorder is not as it should be"},
    Words{NoticeKind::door_alarm, "門禁異常", "An alarm at the doors"},
    Words{
        NoticeKind::door_unattended,
        "門禁控制器無回應，請指定人員看守各門",
        "A controller is silent: name who stands at its doors"
    },
    Words{NoticeKind::copy_due, "複製品即將屆期", "A copy has to be back or destroyed soon"},
    Words{
        NoticeKind::consent_withdrawn,
        "同意已撤回，案件重新審查",
        "A consent was withdrawn; the case is screened anew"
    },
    Words{
        NoticeKind::copy_waiting,
        "複製品待領取，即將逾期",
        "A copy waits to be collected, and not for long"
    },
    Words{
        NoticeKind::copy_uncollected,
        "複製品逾期未領，封存檔依規定銷毀",
        "A copy was not collected in time; its package is destroyed"
    },
    Words{NoticeKind::lapsed, "申請或核准逾期失效", "A request or a grant has lapsed"},
};

std::string to_base64(std::string_view text) {
    std::string out = to_base64url(as_bytes(text));
    std::ranges::replace(out, '-', '+');
    std::ranges::replace(out, '_', '/');
    while (out.size() % 4 != 0)
        out += '=';
    return out;
}

/// RFC 2047; the texts are ours and short.
std::string encoded_word(std::string_view text) {
    return "=?UTF-8?B?" + to_base64(text) + "?=";
}

/// Lines of 76 letters, as RFC 2045 wants them.
std::string wrapped(const std::string& text) {
    std::string out;
    for (std::size_t place = 0; place < text.size(); place += 76)
        out += text.substr(place, 76) + "\r\n";
    return out;
}

/// "Thu, 26 Nov 2026 02:45:00 +0000".
std::string mail_date(UtcTime now) {
    static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array kMonths{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
    };
    const auto day = std::chrono::floor<std::chrono::days>(now);
    const std::chrono::year_month_day date{day};
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now - day).count();
    return fmt::format(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000",
        kDays.at(std::chrono::weekday{day}.c_encoding()),
        static_cast<unsigned>(date.day()),
        kMonths.at(static_cast<unsigned>(date.month()) - 1),
        static_cast<int>(date.year()),
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
}

std::string due_text(const catalogue::NoticeRow& notice) {
    return notice.due ? to_rfc3339(*notice.due) : std::string{};
}

}  // namespace

std::string webhook_body(const catalogue::Delivery& delivery) {
    const catalogue::NoticeRow& notice = delivery.notice;
    const json body{
        {"delivery", to_string(delivery.id)},
        {"notice", to_string(notice.id)},
        {"kind", catalogue::to_string(notice.kind)},
        {"subject", {{"kind", catalogue::subject_of(notice.kind)}, {"id", to_string(notice.subject_id)}}},
        {"audience", notice.audience},
        {"due", notice.due ? json(due_text(notice)) : json(nullptr)},
        {"days_ahead", notice.days_ahead},
        {"created", to_rfc3339(notice.created)},
    };
    return body.dump();
}

std::string signature(std::string_view secret, std::string_view timestamp, std::string_view body) {
    const std::string text = std::string{timestamp} + '.' + std::string{body};
    const ByteView bytes = as_bytes(text);
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    ::HMAC(
        ::EVP_sha256(),
        secret.data(),
        static_cast<int>(secret.size()),
        bytes.data(),
        bytes.size(),
        digest.data(),
        &length
    );
    return "sha256=" + to_hex(ByteView{digest}.first(length));
}

std::string mail_message(const catalogue::Delivery& delivery, const MailEnds& ends, UtcTime now) {
    const catalogue::NoticeRow& notice = delivery.notice;
    const Words& words = *std::ranges::find(kWords, notice.kind, &Words::kind);
    const std::string text = fmt::format(
        "{}\r\n{}\r\n\r\n{} {}\r\n{}{}\r\nGET /v1/notices\r\n",
        words.chinese,
        words.english,
        catalogue::subject_of(notice.kind),
        to_string(notice.subject_id),
        notice.due ? "期限 due: " : "",
        due_text(notice)
    );
    return "Date: " + mail_date(now) + "\r\nFrom: <" + ends.from + ">\r\nTo: <" + ends.to +
           ">\r\nMessage-ID: <" + to_string(delivery.id) +
           "@sluice>\r\nSubject: " + encoded_word("[Sluice] " + std::string{words.chinese}) +
           "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; "
           "charset=utf-8\r\n"
           "Content-Transfer-Encoding: base64\r\n\r\n" +
           wrapped(to_base64(text));
}

}  // namespace sluice::notify
