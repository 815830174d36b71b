#include "storage/contractor/survey_words.hpp"

#include "config/base/words.hpp"

#include <cmath>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::contractor {
namespace {

using nlohmann::json;

constexpr std::size_t kLongestWord = 1024;
constexpr std::int64_t kLongestUs = std::int64_t{1}
                                    << 61U;  // far over what a survey can find, and no sum overflows

std::unexpected<Error> no_words() {
    return failure(Remedy::operator_acts, "what the reading program says can't be understood");
}

std::string dump_words(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Error error_from(const json& object) {
    const bool is_of_file = object.at("is_of_file").get<bool>();
    const auto label = object.at("label").get<std::string>();
    const bool is_known = label == "NOT_MEDIA" || label == "MEDIA_BROKEN";
    if (is_of_file && !is_known) return no_words().error();
    std::string message = object.at("error").get<std::string>();
    if (message.size() > kLongestWord) return no_words().error();
    return {
        is_of_file ? Remedy::abandon_file : Remedy::operator_acts,
        {},
        std::move(message),
        is_of_file ? label : std::string{}
    };
}

bool is_sound(const Survey& found) {
    const bool is_code_known = found.unplayable_code.empty() || found.unplayable_code == "CODEC" ||
                               found.unplayable_code == "NO_KEY_PICTURE";
    return is_code_known && found.pictures > 0 && std::isfinite(found.facts.fps) && found.facts.fps >= 0 &&
           (found.facts.codec || !found.is_playable()) && found.facts.container.size() <= kLongestWord &&
           found.facts.codec_name.size() <= kLongestWord && found.unplayable.size() <= kLongestWord &&
           found.length.count() <= kLongestUs && found.length.count() >= -kLongestUs;
}

}  // namespace

std::string to_words(const Result<Survey>& found) {
    if (!found)
        return dump_words(
            {{"error", found.error().describe()},
             {"label", found.error().label()},
             {"is_of_file", found.error().remedy() == Remedy::abandon_file}}
        );
    const ForeignFacts& facts = found->facts;
    return dump_words({
        {"container", facts.container},
        {"codec_name", facts.codec_name},
        {"codec", facts.codec ? json(to_string(*facts.codec)) : json(nullptr)},
        {"fps", facts.fps},
        {"pictures", found->pictures},
        {"length_us", found->length.count()},
        {"unplayable_code", found->unplayable_code},
        {"unplayable", found->unplayable},
    });
}

Result<Survey> survey_from_words(std::string_view words) {
    try {
        const json object = json::parse(words);
        if (object.contains("error")) return std::unexpected(error_from(object));
        Survey found{.facts = {}, .unplayable_code = {}, .unplayable = {}};
        object.at("container").get_to(found.facts.container);
        object.at("codec_name").get_to(found.facts.codec_name);
        if (!object.at("codec").is_null()) {
            found.facts.codec = codec_from(object.at("codec").get<std::string>());
            if (!found.facts.codec) return no_words();
        }
        object.at("fps").get_to(found.facts.fps);
        object.at("pictures").get_to(found.pictures);
        found.length = Microseconds{object.at("length_us").get<std::int64_t>()};
        object.at("unplayable_code").get_to(found.unplayable_code);
        object.at("unplayable").get_to(found.unplayable);
        if (!is_sound(found)) return no_words();
        return found;
    } catch (const json::exception&) {
        return no_words();
    }
}

}  // namespace sluice::contractor
