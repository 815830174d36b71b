#include "api/pages/page.hpp"

#include "config/base/files.hpp"
#include "storage/catalogue/footage_repository.hpp"
#include "storage/print/html.hpp"
#include "storage/print/pdf.hpp"

#include <utility>

namespace sluice::api {
namespace {

constexpr std::size_t kMostTextBytes = 1U << 20U;

}  // namespace

std::expected<std::map<Uuid, std::string>, http::Problem> camera_names(const Call& call) {
    const auto cameras = catalogue::load_cameras(call.services.database.pool(), true);
    if (!cameras) return std::unexpected(to_problem(cameras.error()));
    std::map<Uuid, std::string> names;
    for (const catalogue::CameraRow& camera : *cameras)
        names.emplace(camera.id, camera.name);
    return names;
}

std::expected<texts::Texts, http::Problem> get_texts(const Call& call) {
    const auto& file = call.services.config.print.texts;
    if (file.empty()) return texts::shipped_texts();
    const auto text = read_text_file(file, kMostTextBytes);
    if (!text) return std::unexpected(to_problem(text.error()));
    auto parsed = texts::parse_texts(*text, file.string());
    if (!parsed) return std::unexpected(to_problem(parsed.error()));
    return std::move(*parsed);
}

Answer page_response(const print::Document& document, std::string_view kind, const std::string& name) {
    http::Response response;
    response.set("Cache-Control", "no-store");
    if (kind == "html") {
        response.set("Content-Type", "text/html; charset=utf-8");
        response.set("Content-Security-Policy", print::html_security_policy());
        response.body = print::to_html(document);
        return response;
    }
    auto pdf = print::to_pdf(document);
    if (!pdf) return std::unexpected(to_problem(pdf.error()));
    response.set("Content-Type", "application/pdf");
    response.set("Content-Disposition", "inline; filename=\"" + name + ".pdf\"");
    response.body = std::move(*pdf);
    return response;
}

}  // namespace sluice::api
