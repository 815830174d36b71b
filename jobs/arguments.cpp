#include "jobs/arguments.hpp"

#include "config/base/time.hpp"

#include <nlohmann/json.hpp>

namespace sluice::jobs {

using nlohmann::json;

namespace {

std::unexpected<Error> bad_argument(const std::string& name) {
    return failure(Remedy::refuse, "argument " + name + " of the job makes no sense");
}

Result<Uuid> id_from(const std::string& text, const std::string& name) {
    const json object = json::parse(text, nullptr, false);
    if (!object.is_object() || !object.contains(name) || !object[name].is_string()) return bad_argument(name);
    const auto id = uuid_from_string(object[name].get<std::string>());
    if (!id) return bad_argument(name);
    return *id;
}

}  // namespace

Result<CheckArguments> check_arguments_from(const std::string& text) {
    const json object = json::parse(text, nullptr, false);
    if (!object.is_object()) return bad_argument("(all)");
    CheckArguments arguments;
    arguments.settings.depth = check::Depth::names;
    for (const auto& [name, value] : object.items()) {
        if (name == "pace_bytes_per_second" && value.is_number_unsigned()) {
            arguments.pace = value.get<std::uint64_t>();
            continue;
        }
        if (!value.is_string()) return bad_argument(name);
        const auto word = value.get<std::string>();
        const auto time = from_rfc3339(word);
        const auto depth = check::depth_from(word);
        if (name == "depth" && depth)
            arguments.settings.depth = *depth;
        else if (name == "from" && time)
            arguments.settings.from = *time;
        else if (name == "to" && time)
            arguments.settings.to = *time;
        else if (name == "camera")
            arguments.settings.camera_slug = word;
        else
            return bad_argument(name);
    }
    return arguments;
}

Result<Uuid> copy_arguments_from(const std::string& text) {
    return id_from(text, "segment");
}

Result<Uuid> export_arguments_from(const std::string& text) {
    return id_from(text, "copy");
}

Result<Uuid> import_arguments_from(const std::string& text) {
    return id_from(text, "clip");
}

Result<PurgeArguments> purge_arguments_from(const std::string& text) {
    const json object = json::parse(text, nullptr, false);
    if (!object.is_object()) return bad_argument("(all)");
    PurgeArguments arguments;
    for (const auto& [name, value] : object.items()) {
        if (!value.is_boolean()) return bad_argument(name);
        if (name == "dry_run")
            arguments.is_dry_run = value.get<bool>();
        else if (name == "confirm")
            arguments.consent.plan = value.get<bool>();
        else if (name == "confirm_clock")
            arguments.consent.clock = value.get<bool>();
        else
            return bad_argument(name);
    }
    return arguments;
}

}  // namespace sluice::jobs
