#include "tests/support/catalogued.hpp"

#include "config/base/bytes.hpp"
#include "config/base/files.hpp"

#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sluice::test {
namespace {

constexpr std::size_t kFileLimit = std::size_t{1} << 30U;

std::string check_file(const CataloguedSegment& row, const std::filesystem::path& volume) {
    const auto text = read_text_file(volume / row.path, kFileLimit);
    if (!text) return row.path + ": " + text.error().describe();
    if (text->size() != row.bytes)
        return fmt::format("{}: {} bytes catalogued, {} there", row.path, row.bytes, text->size());
    if (to_hex(sha256(as_bytes(*text))) != row.sha256) return row.path + ": another hash than catalogued";
    return {};
}

std::string check_promise(const CataloguedSegment& before, const CataloguedSegment& now) {
    if (now.state != "finished") return before.path + ": now " + now.state;
    if (!before.sha256.empty() && before.sha256 != now.sha256) return before.path + ": its hash changed";
    if (now.bytes < before.bytes || now.to_us < before.to_us)
        return fmt::format(
            "{}: {} bytes up to {} were said to be durable, {} up to {} are there",
            before.path,
            before.bytes,
            before.to_us,
            now.bytes,
            now.to_us
        );
    return {};
}

}  // namespace

std::vector<CataloguedSegment> load_catalogued(const Database& database) {
    const std::string text = database.query(
        "SELECT coalesce(json_agg(json_build_object('id', id, 'state', state, 'path', path, 'bytes', bytes, "
        "'to_us', (extract(epoch FROM to_at) * 1000000)::bigint, "
        "'sha256', coalesce(encode(sha256, 'hex'), ''))), '[]') FROM segments"
    );
    std::vector<CataloguedSegment> rows;
    for (const nlohmann::json& row : nlohmann::json::parse(text))
        rows.push_back(
            {row.at("id").get<std::string>(),
             row.at("state").get<std::string>(),
             row.at("path").get<std::string>(),
             row.at("bytes").get<std::uint64_t>(),
             row.at("to_us").get<std::int64_t>(),
             row.at("sha256").get<std::string>()}
        );
    return rows;
}

std::vector<std::string> check_catalogued(
    const std::vector<CataloguedSegment>& before,
    const Database& database,
    const std::filesystem::path& volume
) {
    std::map<std::string, CataloguedSegment> now;
    std::vector<std::string> problems;
    for (CataloguedSegment& row : load_catalogued(database)) {
        if (row.state == "finished")
            if (std::string problem = check_file(row, volume); !problem.empty())
                problems.push_back(std::move(problem));
        now.emplace(row.id, std::move(row));
    }
    for (const CataloguedSegment& row : before) {
        const auto found = now.find(row.id);
        std::string problem = found == now.end() ? row.path + ": catalogued before, no row now"
                                                 : check_promise(row, found->second);
        if (!problem.empty()) problems.push_back(std::move(problem));
    }
    return problems;
}

}  // namespace sluice::test
