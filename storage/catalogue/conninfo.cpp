#include "storage/catalogue/conninfo.hpp"

#include "storage/catalogue/pool.hpp"

#include <string_view>

#include <fmt/core.h>

namespace sluice::catalogue {
namespace {

std::string percent_encode(std::string_view text) {
    std::string result;
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        const bool is_plain =
            (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
        result += is_plain ? std::string(1, letter) : fmt::format("%{:02X}", byte);
    }
    return result;
}

std::string quote(std::string_view text) {
    std::string result = "'";
    for (const char letter : text) {
        if (letter == '\'' || letter == '\\') result += '\\';
        result += letter;
    }
    return result + "'";
}

}  // namespace

std::filesystem::path socket_folder(const std::filesystem::path& data) {
    return data / "database" / "socket";
}

std::string embedded_conninfo(const std::filesystem::path& data, const std::string& role) {
    return "host=" + quote(socket_folder(data).string()) + " dbname=sluice user=" + quote(role) +
           " application_name=" + quote(role);
}

std::string conninfo_of(const config::Config& config, const std::string& embedded_role) {
    const std::string& url = config.database.url;
    if (url.empty()) return embedded_conninfo(config.data, embedded_role);
    if (config.database.password.is_empty()) return url;
    const std::string& password = config.database.password.reveal();
    if (url.find("://") == std::string::npos) return url + " password=" + quote(password);
    return url + (url.find('?') == std::string::npos ? "?" : "&") + "password=" + percent_encode(password);
}

}  // namespace sluice::catalogue
