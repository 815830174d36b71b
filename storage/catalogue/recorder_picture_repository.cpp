#include "storage/catalogue/recorder_picture_repository.hpp"

#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <array>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::catalogue {
namespace {

using detail::clean_text;
using detail::load;
using detail::run;

constexpr auto kPictureStates = std::to_array<std::pair<PictureState, std::string_view>>({
    {PictureState::ok, "ok"},
    {PictureState::refused, "refused"},
    {PictureState::error, "error"},
    {PictureState::no_answer, "no_answer"},
    {PictureState::no_picture, "no_picture"},
    {PictureState::cut_off, "cut_off"},
    {PictureState::too_large, "too_large"},
    {PictureState::flat, "flat"},
    {PictureState::other_size, "other_size"},
    {PictureState::not_asked, "not_asked"},
});

constexpr const char* kSavePicture = R"(
    INSERT INTO recorder_pictures (recorder, channel, camera, state, problem, width, height, bytes, asked_at, had_at, usual_width,
                                   usual_height, other_since)
    VALUES ($1, $2::int, $3, $4, $5, $6::int, $7::int, $8::bigint, from_us($9::bigint), from_us($10::bigint), $11::int, $12::int,
            from_us($13::bigint))
    ON CONFLICT (recorder, channel) DO UPDATE SET camera = excluded.camera, state = excluded.state, problem = excluded.problem,
        width = excluded.width, height = excluded.height, bytes = excluded.bytes, asked_at = excluded.asked_at,
        had_at = excluded.had_at, usual_width = excluded.usual_width, usual_height = excluded.usual_height,
        other_since = excluded.other_since)";
void save_picture(
    pqxx::transaction_base& transaction,
    const std::string& recorder,
    const RecorderPictureRow& picture
) {
    const auto us = [](UtcTime at) { return to_epoch_us(at); };
    run(transaction,
        kSavePicture,
        recorder,
        picture.channel,
        picture.camera,
        std::string{to_string(picture.state)},
        clean_text(picture.problem),
        picture.size.width,
        picture.size.height,
        static_cast<std::int64_t>(picture.bytes),
        us(picture.asked),
        picture.had.transform(us),
        picture.usual.transform([](const PictureSize& size) { return size.width; }),
        picture.usual.transform([](const PictureSize& size) { return size.height; }),
        picture.other_since.transform(us));
}
// As with titles: rows of channels that are configured no more are older than the others.
constexpr const char* kPictures = R"(
    SELECT channel, camera, state, problem, width, height, bytes, to_us(asked_at), to_us(had_at), usual_width, usual_height,
           to_us(other_since)
    FROM recorder_pictures
    WHERE recorder = $1 AND asked_at = (SELECT max(p.asked_at) FROM recorder_pictures p WHERE p.recorder = $1)
    ORDER BY channel)";
RecorderPictureRow to_picture(const pqxx::row& row) {
    RecorderPictureRow picture{
        .channel = row[0].as<int>(),
        .camera = row[1].as<std::string>(),
        .state = picture_state_from(row[2].as<std::string>()).value_or(PictureState::error),
        .problem = row[3].as<std::string>(),
        .size = {row[4].as<std::uint32_t>(), row[5].as<std::uint32_t>()},
        .bytes = row[6].as<std::uint64_t>(),
        .asked = detail::to_time(row[7]),
        .had = detail::to_optional_time(row[8]),
        .usual = {},
        .other_since = detail::to_optional_time(row[11]),
    };
    if (!row[9].is_null()) picture.usual = {row[9].as<std::uint32_t>(), row[10].as<std::uint32_t>()};
    return picture;
}
/// What was asked, in one record: nobody has seen a picture.
ledger::Act pictures_act(const std::string& recorder, const std::vector<RecorderPictureRow>& pictures) {
    nlohmann::json missing = nlohmann::json::object();
    for (const RecorderPictureRow& picture : pictures)
        if (picture.is_missing()) missing[std::to_string(picture.channel)] = to_string(picture.state);
    return {
        .action = "recorder.pictures_asked",
        .actor = ledger::system_actor("sluice-worker"),
        .subject = {.kind = "recorder", .id = recorder},
        .facts = nlohmann::json{{"channels", pictures.size()}, {"missing", std::move(missing)}}.dump(),
    };
}

}  // namespace

std::string_view to_string(PictureState state) noexcept {
    for (const auto& [value, text] : kPictureStates)
        if (value == state) return text;
    std::unreachable();
}

std::optional<PictureState> picture_state_from(std::string_view text) noexcept {
    for (const auto& [value, known] : kPictureStates)
        if (known == text) return value;
    return std::nullopt;
}

Result<std::vector<RecorderPictureRow>> load_recorder_pictures(Pool& pool, const std::string& recorder) {
    return load(pool, to_picture, kPictures, recorder);
}

Status save_recorder_pictures(
    Pool& pool,
    const std::string& recorder,
    const std::vector<RecorderPictureRow>& pictures
) {
    if (pictures.empty()) return {};
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        for (const RecorderPictureRow& picture : pictures)
            save_picture(transaction, recorder, picture);
        const auto record =
            append_record(transaction, pictures_act(recorder, pictures), pictures.front().asked);
        if (!record) return std::unexpected(record.error());
        transaction.commit();
        return {};
    });
}

}  // namespace sluice::catalogue
