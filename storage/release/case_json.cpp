#include "storage/release/case_json.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

namespace sluice::release {

using nlohmann::json;

namespace {

constexpr std::array<std::string_view, 2> kPurposes{"personal_rights", "other"};
constexpr std::array<std::string_view, 3> kBases{"personal_data", "government_information", "archives"};
constexpr std::array<std::string_view, 4> kAuthorities{"none", "court", "prosecutor", "other"};

template <class Enum, std::size_t Count>
std::optional<Enum> value_of(const std::array<std::string_view, Count>& words, std::string_view word) {
    const auto found = std::ranges::find(words, word);
    if (found == words.end()) return std::nullopt;
    return static_cast<Enum>(found - words.begin());
}

UtcTime to_time(const json& value) {
    return from_rfc3339(value.get_ref<const std::string&>()).value();
}

}  // namespace

std::string_view to_string(Purpose purpose) noexcept {
    return kPurposes.at(static_cast<std::size_t>(purpose));
}
std::optional<Purpose> purpose_from(std::string_view word) noexcept {
    return value_of<Purpose>(kPurposes, word);
}
std::string_view to_string(Basis basis) noexcept {
    return kBases.at(static_cast<std::size_t>(basis));
}
std::optional<Basis> basis_from(std::string_view word) noexcept {
    return value_of<Basis>(kBases, word);
}
std::string_view to_string(Authority authority) noexcept {
    return kAuthorities.at(static_cast<std::size_t>(authority));
}
std::optional<Authority> authority_from(std::string_view word) noexcept {
    return value_of<Authority>(kAuthorities, word);
}

json to_json(const Form& form) {
    return {
        {"extension", form.extension},
        {"phone", form.phone},
        {"reason", form.reason},
        {"purpose", to_string(form.purpose)},
        {"basis", to_string(form.basis)},
        {"legal_interest", form.legal_interest},
        {"necessity", form.necessity},
        {"undertaking", form.is_undertaken},
        {"letter_number", form.letter_number},
        {"letter_date", form.letter_date},
        {"authority", to_string(form.authority)},
        {"statute", form.statute},
        {"exception_document", form.exception_document},
        {"exception_lifts", form.exception_lifts},
        {"of_secretariat", form.is_secretariats},
    };
}

Result<Form> form_from_json(std::string_view text) {
    const json object = json::parse(text, nullptr, false);
    const auto word = [&](const char* name) { return object.at(name).get<std::string>(); };
    try {
        return Form{
            .extension = word("extension"),
            .phone = word("phone"),
            .reason = word("reason"),
            .purpose = purpose_from(word("purpose")).value(),
            // A form of before the member rests on what all rested on.
            .basis = basis_from(object.value("basis", std::string{kBases.front()})).value(),
            .legal_interest = word("legal_interest"),
            .necessity = word("necessity"),
            .is_undertaken = object.at("undertaking").get<bool>(),
            .letter_number = word("letter_number"),
            .letter_date = word("letter_date"),
            .authority = authority_from(word("authority")).value(),
            .statute = word("statute"),
            .exception_document = word("exception_document"),
            .exception_lifts = object.at("exception_lifts").get<std::vector<std::string>>(),
            .is_secretariats = object.at("of_secretariat").get<bool>(),
        };
    } catch (const std::exception& error) {
        return failure(Remedy::refuse, std::string{"a request's form: "} + error.what());
    }
}

json to_json(const std::vector<Place>& places) {
    json list = json::array();
    for (const Place& place : places)
        list.push_back({
            {"camera_id", to_string(place.area.camera_id)},
            {"from", to_rfc3339(place.area.interval.from)},
            {"to", to_rfc3339(place.area.interval.to)},
            {"person", place.person},
        });
    return list;
}

Result<std::vector<Place>> places_from_json(std::string_view text) {
    const json list = json::parse(text, nullptr, false);
    std::vector<Place> places;
    try {
        for (const json& one : list)
            places.push_back({
                {uuid_from_string(one.at("camera_id").get_ref<const std::string&>()).value(),
                 {to_time(one.at("from")), to_time(one.at("to"))}},
                one.at("person").get<std::string>(),
            });
    } catch (const std::exception& error) {
        return failure(Remedy::refuse, std::string{"places of a ground: "} + error.what());
    }
    return places;
}

}  // namespace sluice::release
