#include "api/requests/detail/form.hpp"

#include "storage/release/case_json.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace sluice::api::requests {

using nlohmann::json;
using release::Case;

namespace {

constexpr std::size_t kLongestName = 200;
constexpr std::size_t kLongestText = 4000;
constexpr std::size_t kMostCameras = 256;
constexpr std::size_t kMostLifts = 16;

struct TextMember {
    const char* name;
    std::string release::Form::* where;
    std::size_t longest;
};
constexpr TextMember kTexts[] = {
    {"extension", &release::Form::extension, 40},
    {"phone", &release::Form::phone, 40},
    {"reason", &release::Form::reason, kLongestText},
    {"legal_interest", &release::Form::legal_interest, kLongestText},
    {"necessity", &release::Form::necessity, kLongestText},
    {"letter_number", &release::Form::letter_number, kLongestName},
    {"letter_date", &release::Form::letter_date, 10},
    {"statute", &release::Form::statute, kLongestName},
    {"exception_document", &release::Form::exception_document, kLongestName},
};

Got<void> read_texts(const Body& body, Case& request) {
    for (const TextMember& member : kTexts) {
        if (!body.has(member.name)) continue;
        auto text = body.text(member.name, member.longest);
        if (!text) return std::unexpected(text.error());
        request.form.*member.where = std::move(*text);
    }
    for (const auto& [name, where] :
         {std::pair{"applicant", &Case::applicant}, std::pair{"unit", &Case::unit}}) {
        if (!body.has(name)) continue;
        auto text = body.text(name, kLongestName);
        if (!text) return std::unexpected(text.error());
        request.*where = std::move(*text);
    }
    return {};
}

/// To the minute, as the form has it.
Got<void> read_period(const Body& body, Case& request) {
    if (!body.has("from") && !body.has("to")) return {};
    const auto from = body.required_time("from");
    if (!from) return std::unexpected(from.error());
    const auto to = body.required_time("to");
    if (!to) return std::unexpected(to.error());
    for (const auto& [name, time] : {std::pair{"from", *from}, std::pair{"to", *to}})
        if (std::chrono::floor<std::chrono::minutes>(time) != time)
            return std::unexpected(
                unfit_member(name, "PERIOD_NOT_TO_THE_MINUTE", "A request's period is given to the minute.")
            );
    if (*to <= *from)
        return std::unexpected(unfit_member("to", "INTERVAL_REVERSED", "`to` must be after `from`."));
    request.interval = TimeRange{*from, *to};
    return {};
}

Got<void> read_cameras(const Call& call, const Body& body, Case& request) {
    if (!body.has("cameras")) return {};
    const auto slugs = body.texts("cameras", kMostCameras);
    if (!slugs) return std::unexpected(slugs.error());
    request.cameras.clear();
    for (const std::string& slug : *slugs) {
        const auto camera = find_camera_of(call, "cameras", slug);
        if (!camera) return std::unexpected(camera.error());
        if (std::ranges::find(request.cameras, camera->id) != request.cameras.end())
            return std::unexpected(unfit_member("cameras", "CAMERA_TWICE", "A camera is named twice."));
        request.cameras.push_back(camera->id);
    }
    return {};
}

/// A word of an enumeration; what is not there stays.
template <class Enum>
Got<void> read_word(
    const Body& body,
    const char* name,
    std::optional<Enum> (*from)(std::string_view) noexcept,
    Enum& into,
    const char* words
) {
    if (!body.has(name)) return {};
    const auto word = body.text(name, 32);
    if (!word) return std::unexpected(word.error());
    const auto value = from(*word);
    if (!value) return std::unexpected(bad_member(name, std::string{"Must be "} + words + "."));
    into = *value;
    return {};
}

Got<void> read_words(const Body& body, Case& request) {
    if (auto kind = read_word(body, "kind", release::kind_from, request.kind, "view or copy"); !kind)
        return kind;
    if (auto purpose = read_word(
            body, "purpose", release::purpose_from, request.form.purpose, "personal_rights or other"
        );
        !purpose)
        return purpose;
    if (auto basis = read_word(
            body,
            "basis",
            release::basis_from,
            request.form.basis,
            "personal_data, government_information or archives"
        );
        !basis)
        return basis;
    if (auto authority = read_word(
            body,
            "authority",
            release::authority_from,
            request.form.authority,
            "none, court, prosecutor or other"
        );
        !authority)
        return authority;
    if (body.has("undertaking")) {
        const std::string word = body.raw("undertaking");
        if (word != "true" && word != "false")
            return std::unexpected(bad_member("undertaking", "Must be true or false."));
        request.form.is_undertaken = word == "true";
    }
    if (body.has("exception_lifts")) {
        auto lifts = body.texts("exception_lifts", kMostLifts);
        if (!lifts) return std::unexpected(lifts.error());
        request.form.exception_lifts = std::move(*lifts);
    }
    return {};
}

}  // namespace

const std::vector<std::string>& form_members() {
    static const std::vector<std::string> members{
        "kind",
        "applicant",
        "unit",
        "extension",
        "phone",
        "reason",
        "purpose",
        "basis",
        "from",
        "to",
        "cameras",
        "legal_interest",
        "necessity",
        "undertaking",
        "authority",
        "statute",
        "letter_number",
        "letter_date",
        "exception_document",
        "exception_lifts",
    };
    return members;
}

Got<void> read_form(const Call& call, const Body& body, Case& request) {
    if (auto texts = read_texts(body, request); !texts) return texts;
    if (auto words = read_words(body, request); !words) return words;
    if (auto period = read_period(body, request); !period) return period;
    return read_cameras(call, body, request);
}

std::string form_facts(const Case& request, const std::vector<std::string>& slugs) {
    json facts = release::to_json(request.form);
    facts["channel"] = to_string(request.channel);
    facts["kind"] = to_string(request.kind);
    facts["applicant"] = request.applicant;
    facts["unit"] = request.unit;
    facts["cameras"] = slugs;
    if (request.interval) {
        facts["from"] = to_rfc3339(request.interval->from);
        facts["to"] = to_rfc3339(request.interval->to);
    }
    return facts.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace sluice::api::requests
