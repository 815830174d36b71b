#include "storage/print/detail/parts.hpp"

#include "storage/calendar/date.hpp"
#include "storage/release/codes.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace sluice::print::detail {
namespace {

/// With seconds and thousandths: the interval of a grant is a matter of frames.
std::string exact(UtcTime at) {
    const auto date = calendar::taipei_date(at);
    const auto ms = std::chrono::floor<std::chrono::milliseconds>(at - calendar::start_of(date)).count();
    return fmt::format(
        "{}{:02}:{:02}:{:02}.{:03}",
        calendar::to_roc_text(date),
        ms / 3'600'000,
        ms / 60'000 % 60,
        ms / 1000 % 60,
        ms % 1000
    );
}

std::string name_of(const Paper& paper, const Uuid& camera) {
    const auto found = paper.cameras.find(camera);
    return found == paper.cameras.end() ? to_string(camera) : found->second;
}

}  // namespace

Cell label(std::string text, unsigned span) {
    return {.text = std::move(text), .span = span, .is_label = true};
}

Cell content(std::string text, unsigned span) {
    return {.text = std::move(text), .span = span};
}

Cell content(const texts::Text& text, unsigned span) {
    return {.text = text.text, .span = span, .is_draft = text.is_draft};
}

Paragraph paragraph(const texts::Text& text) {
    return {.text = text.text, .is_draft = text.is_draft};
}

std::string period(const TimeRange& range) {
    return "自 " + calendar::to_roc_minute(range.from) + " 起至 " + calendar::to_roc_minute(range.to) + " 止";
}

std::string granted_footage(const Paper& paper) {
    std::string out;
    if (!paper.request.grant) return out;
    for (const release::GrantItem& item : paper.request.grant->items) {
        out += (out.empty() ? "" : "\n") + name_of(paper, item.camera_id) + "：" + exact(item.resolved.from) +
               " 至 " + exact(item.resolved.to);
        if (item.is_outward) out += "（含所請時段外之畫面）";
    }
    return out;
}

std::string camera_names(const Paper& paper) {
    std::string out;
    for (const Uuid& camera : paper.request.cameras)
        out += (out.empty() ? "" : "、") + name_of(paper, camera);
    return out;
}

std::string signature(const release::Case& request, release::Chain chain, release::Part seat) {
    const int round = chain == release::Chain::a ? request.round_a : request.round_b;
    std::string out;
    for (const release::Signature& signature : request.signatures) {
        if (signature.chain != chain || signature.round != round || signature.seat != seat) continue;
        if (!out.empty()) out += '\n';
        if (!signature.unit.empty()) out += signature.unit + " ";
        out += signature.signer + "\n" + calendar::to_roc_text(calendar::taipei_date(signature.at));
    }
    return out;
}

texts::Text reason_text(const texts::Texts& texts, const Reason& reason) {
    texts::Text made;
    if (const texts::Text* own = texts.find("reason." + reason.code)) {
        made = *own;
    } else {
        made = texts.get("reason.other");
        const release::CodeRow* row = release::find_code(reason.code);
        made.text += row != nullptr ? std::string{row->title_zh} : reason.code;
    }
    if (!reason.detail.empty()) made.text += "\n" + reason.detail;
    return made;
}

std::string articles(const std::vector<Reason>& reasons) {
    std::vector<std::string> seen;
    for (const Reason& reason : reasons) {
        const release::CodeRow* row = release::find_code(reason.code);
        if (row == nullptr || row->article.empty()) continue;
        std::string article{row->article};
        if (std::ranges::find(seen, article) == seen.end()) seen.push_back(std::move(article));
    }
    std::string out;
    for (const std::string& article : seen)
        out += (out.empty() ? "" : "、") + article;
    return out;
}

std::string_view word(Outcome outcome) noexcept {
    switch (outcome) {
        case Outcome::granted:
            return "granted";
        case Outcome::granted_partial:
            return "granted_partial";
        case Outcome::refused:
            return "refused";
        case Outcome::not_held:
            return "not_held";
    }
    std::unreachable();
}

}  // namespace sluice::print::detail
