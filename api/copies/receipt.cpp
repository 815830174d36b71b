#include "api/copies/receipt.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using nlohmann::json;

std::string text_in(const json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

/// Name and SHA-256 of each video, as the manifest has them.
std::vector<std::string> files_of(const std::string& manifest) {
    const json sealed = json::parse(manifest, nullptr, false);
    std::vector<std::string> files;
    if (!sealed.is_object()) return files;
    for (const json& item : sealed.value("items", json::array()))
        for (const json& video : item.value("videos", json::array()))
            files.push_back(text_in(video, "file") + "　" + text_in(video, "sha256"));
    return files;
}

}  // namespace

print::CopyFacts receipt_facts(const catalogue::CopyRow& copy) {
    return {
        .number = copy.dossier + "-" + std::to_string(copy.number),
        .dossier = copy.dossier,
        .recipient = copy.recipient,
        .files = copy.package ? files_of(copy.package->manifest) : std::vector<std::string>{},
        .sealed = copy.sealed.value_or(copy.ordered),
        .destroy_by = copy.due,
        .escort = copy.escort,
    };
}

std::string receipt_name(const catalogue::CopyRow& copy) {
    std::string dossier = copy.dossier;
    std::ranges::replace(dossier, '/', '-');
    return "copy-" + dossier + "-" + std::to_string(copy.number);
}

}  // namespace sluice::api
