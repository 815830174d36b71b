#include "storage/volume/installation.hpp"

#include "config/base/files.hpp"

#include <nlohmann/json.hpp>

namespace sluice::volume {
namespace {

constexpr std::size_t kLimitBytes = 8U << 20U;
constexpr int kFormat = 1;

nlohmann::ordered_json to_json_object(const std::map<std::string, Uuid>& ids) {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (const auto& [name, id] : ids)
        object[name] = to_string(id);
    return object;
}

Uuid id_from(const nlohmann::json& text) {
    const auto id = uuid_from_string(text.get<std::string>());
    if (!id) throw std::invalid_argument("not a UUID: " + text.get<std::string>());
    return *id;
}

std::map<std::string, Uuid> ids_from(const nlohmann::json& object) {
    std::map<std::string, Uuid> ids;
    for (const auto& [name, id] : object.items())
        ids[name] = id_from(id);
    return ids;
}

Installation parse(const std::string& text) {
    const nlohmann::json root = nlohmann::json::parse(text);
    if (root.at("format").get<int>() != kFormat) throw std::invalid_argument("written by another version");
    Installation installation;
    installation.installation_id = id_from(root.at("installation_id"));
    const auto created = from_rfc3339(root.at("created").get<std::string>());
    if (!created) throw std::invalid_argument(created.error().message());
    installation.created = *created;
    installation.boot_id = root.value("boot_id", std::string{});
    installation.clean_mark = root.value("clean_mark", std::string{});
    installation.recorders = ids_from(root.at("recorders"));
    installation.cameras = ids_from(root.at("cameras"));
    installation.streams = ids_from(root.at("streams"));
    installation.volumes = ids_from(root.at("volumes"));
    return installation;
}

}  // namespace

std::filesystem::path state_path(const std::filesystem::path& data) {
    return data / "recorder" / "state.json";
}

Result<std::optional<Installation>> load_installation(const std::filesystem::path& data) {
    const std::filesystem::path path = state_path(data);
    std::error_code code;
    const bool is_there = std::filesystem::exists(path, code);
    if (code) return std::unexpected(Error{Remedy::operator_acts, code, "cannot look for " + path.string()});
    if (!is_there) return std::optional<Installation>{};
    const auto text = read_text_file(path, kLimitBytes);
    if (!text) return std::unexpected(text.error());
    try {
        return std::optional{parse(*text)};
    } catch (const std::exception& problem) {  // the border to the JSON library
        return failure(
            Remedy::operator_acts,
            path.string() + " cannot be understood (" + problem.what() +
                "); restore it from a backup: without it the " + "volumes belong to no installation"
        );
    }
}

Status save_installation(const std::filesystem::path& data, const Installation& installation) {
    const std::filesystem::path path = state_path(data);
    std::error_code code;
    std::filesystem::create_directories(path.parent_path(), code);
    if (code)
        return std::unexpected(
            Error{Remedy::operator_acts, code, "cannot make " + path.parent_path().string()}
        );
    nlohmann::ordered_json root;
    root["format"] = kFormat;
    root["installation_id"] = to_string(installation.installation_id);
    root["created"] = to_rfc3339(installation.created);
    root["boot_id"] = installation.boot_id;
    root["clean_mark"] = installation.clean_mark;
    root["recorders"] = to_json_object(installation.recorders);
    root["cameras"] = to_json_object(installation.cameras);
    root["streams"] = to_json_object(installation.streams);
    root["volumes"] = to_json_object(installation.volumes);
    return replace_file(
        path, root.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n", 0644
    );
}

Result<Installation> ensure_installation(const std::filesystem::path& data, UtcTime now) {
    auto found = load_installation(data);
    if (!found) return std::unexpected(found.error());
    if (*found) return std::move(**found);
    Installation fresh;
    fresh.installation_id = make_uuid_v7(now);
    fresh.created = now;
    if (auto saved = save_installation(data, fresh); !saved) return std::unexpected(saved.error());
    return fresh;
}

}  // namespace sluice::volume
