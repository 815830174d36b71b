#include "storage/contractor/import.hpp"

#include "config/base/log.hpp"
#include "storage/catalogue/policy_repository.hpp"
#include "storage/check/check.hpp"
#include "storage/contractor/rules.hpp"
#include "storage/contractor/segment_maker.hpp"
#include "storage/contractor/survey_apart.hpp"
#include "storage/receipt/receipt.hpp"
#include "storage/segment/copy.hpp"
#include "storage/volume/read_at.hpp"
#include "storage/volume/volume.hpp"

#include <algorithm>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

namespace sluice::contractor {
namespace {

namespace fs = std::filesystem;
using catalogue::ClipState;
using catalogue::ContractorClip;
using nlohmann::json;

constexpr std::size_t kPiece = 1U << 20U;

std::string dump(const json& object) {
    return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

ledger::Act clip_act(const ContractorClip& clip, std::string action, const json& facts) {
    return {
        .action = std::move(action),
        .actor = ledger::system_actor("sluice-worker"),
        .subject = {.kind = "contractor_clip", .id = to_string(clip.id)},
        .facts = dump(facts),
    };
}

/// One clip on its way.
class Importer {
public:
    Importer(const ImportTools& tools, ContractorClip clip, const ImportAdvance& advance)
        : tools_(tools),
          clip_(std::move(clip)),
          advance_(advance),
          source_(spool_path(tools.config.data, clip_.id)) {}

    Result<Imported> run() {
        auto target = catalogue::find_import_target(tools_.pool, clip_.camera_slug);
        if (!target) return std::unexpected(target.error());
        if (!*target)
            return failure(
                Remedy::retry,
                "the recorder does not know the camera " + clip_.camera_slug + " yet",
                "CAMERA_UNKNOWN"
            );
        target_ = std::move(**target);
        if (auto chosen = choose_volume(); !chosen) return std::unexpected(chosen.error());
        const auto hash = hash_source();
        if (!hash) return std::unexpected(hash.error());
        if (*hash != clip_.sha256)
            return put_aside("HASH_MISMATCH", "The file's SHA-256 is " + to_hex(*hash) + ".", *hash);
        auto found = look_through();
        if (!found && found.error().remedy() == Remedy::abandon_file)
            return put_aside(found.error().label(), found.error().message(), *hash);
        if (!found) return std::unexpected(found.error());
        const auto tolerance = tolerance_seconds();
        if (!tolerance) return std::unexpected(tolerance.error());
        if (const auto wrong = judge_length(clip_.range.length(), found->length, *tolerance))
            return put_aside(wrong->code, wrong->detail, *hash);
        return take_in(*found);
    }

private:
    [[nodiscard]] GoOn go_on() const {
        return [this] { return advance_(progress_); };
    }

    [[nodiscard]] Result<Survey> look_through() const {
        if (tools_.program.empty()) return survey(source_, go_on());
        return survey_apart(tools_.program, source_, survey_limits(clip_.bytes), go_on());
    }

    Result<unsigned> tolerance_seconds() const {
        const auto history = catalogue::load_policy_history(tools_.pool);
        if (!history) return std::unexpected(history.error());
        return policy::in_force(*history, tools_.clock.now()).policy.contractor.tolerance_seconds;
    }

    /// The first configured volume with room for the file and its segments above the reserve.
    Status choose_volume() {
        const auto volumes = check::find_volumes(tools_.pool, tools_.config.storage.volumes);
        if (!volumes) return std::unexpected(volumes.error());
        const config::Storage& storage = tools_.config.storage;
        for (const check::Volume& volume : volumes->volumes) {
            const auto space = volume::read_space(volume.root);
            if (!space) continue;  // told by whoever looks after the volumes
            const std::uint64_t reserve =
                volume::reserve_bytes(*space, storage.reserve_bytes, storage.reserve_percent);
            if (space->free_bytes < reserve + 2 * clip_.bytes) continue;
            volume_ = volume;
            return {};
        }
        return failure(
            Remedy::operator_acts, "no volume has room for the clip above its reserve", "disk_full"
        );
    }

    Result<Sha256Digest> hash_source() {
        const UniqueFd fd{::open(source_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
        struct stat facts{};
        if (!fd.is_open() || ::fstat(fd.get(), &facts) != 0)
            return errno_error(Remedy::operator_acts, "cannot open " + source_.string());
        if (static_cast<std::uint64_t>(facts.st_size) != clip_.bytes)
            return failure(Remedy::operator_acts, source_.string() + " has another length than was received");
        Bytes piece(kPiece);
        Sha256 hash;
        progress_ = {.done_bytes = 0, .total_bytes = clip_.bytes, .place = "hash"};
        while (progress_.done_bytes < clip_.bytes) {
            const auto got = volume::read_at(fd.get(), progress_.done_bytes, piece);
            if (!got) return std::unexpected(got.error());
            if (*got == 0) return failure(Remedy::operator_acts, source_.string() + " became shorter");
            hash.update(ByteView{piece}.first(*got));
            progress_.done_bytes += *got;
            if (!advance_(progress_)) return failure(Remedy::cancelled, "the import was stopped");
        }
        progress_.place = "read";
        return hash.digest();
    }

    Status copy_source(const fs::path& path, const Sha256Digest& sha256) const {
        const segment::ExactCopy copy{
            .source = source_, .root = volume_.root, .path = path, .bytes = clip_.bytes, .sha256 = sha256
        };
        return segment::copy_exactly(tools_.files, copy);
    }

    Result<Imported>
    put_aside(const std::string& code, const std::string& reason, const Sha256Digest& sha256) {
        const fs::path path = fs::path{"imported"} / "quarantine" / (to_string(clip_.id) + ".clip");
        if (auto copied = copy_source(path, sha256); !copied) return std::unexpected(copied.error());
        const catalogue::Quarantine quarantine{
            .clip_id = clip_.id,
            .volume_id = volume_.id,
            .path = path,
            .reason_code = code,
            .reason = reason,
            .now = tools_.clock.now(),
        };
        const json facts{
            {"camera", clip_.camera_slug},
            {"code", code},
            {"sha256_said", to_hex(clip_.sha256)},
            {"sha256_found", to_hex(sha256)},
            {"bytes", clip_.bytes},
        };
        if (auto saved =
                catalogue::save_quarantine(tools_.pool, quarantine, clip_act(clip_, "clip.refused", facts));
            !saved)
            return std::unexpected(saved.error());
        log::warn(
            "clip_refused", {{"clip", to_string(clip_.id)}, {"camera", clip_.camera_slug}, {"code", code}}
        );
        return Imported{.state = ClipState::quarantined, .is_playable = false, .reason_code = code};
    }

    Result<SegmentMaker::Made> make_segments(const Survey& found) {
        auto file = ForeignFile::open(source_, go_on());
        if (!file) return std::unexpected(file.error());
        SegmentMaker maker{
            tools_.files,
            {.root = volume_.root,
             .clip_id = clip_.id,
             .target = target_,
             .volume_id = volume_.id,
             .clip = clip_.range,
             .segment = tools_.config.storage.segment,
             .fps = found.facts.fps},
            *found.facts.codec
        };
        progress_.place = "segments";
        for (;;) {
            auto unit = file->next();
            if (!unit) return std::unexpected(unit.error());
            if (!*unit) return maker.finish();
            if (auto taken = maker.take(std::move(**unit), file->sets()); !taken)
                return std::unexpected(taken.error());
        }
    }

    /// Durable before anything counts: a catalogue that is lost is made again from it.
    Status write_receipt(const catalogue::Import& import) const {
        const auto origin = catalogue::get_clip_origin(tools_.pool, clip_.id);
        if (!origin) return std::unexpected(origin.error());
        receipt::Receipt receipt{
            .origin = *origin, .clip = clip_, .camera = target_, .runs = import.runs, .segments = {}
        };
        receipt.clip.ended = import.now;
        receipt.clip.is_playable = import.is_playable;
        receipt.clip.reason_code = import.reason_code;
        receipt.clip.reason = import.reason;
        receipt.clip.media = import.media;
        for (const catalogue::FinishedRow& made : import.segments)
            receipt.segments.push_back(
                {.id = made.row.id,
                 .path = made.row.path,
                 .range = made.row.range,
                 .sha256 = made.row.sha256.value_or(Sha256Digest{})}
            );
        return receipt::write(tools_.files, volume_.root, receipt::receipt_path(import.original), receipt);
    }

    Result<Imported> take_in(const Survey& found) {
        catalogue::Import import{
            .clip_id = clip_.id,
            .stream_id = target_.stream_id,
            .volume_id = volume_.id,
            .original = receipt::original_path(clip_),
            .is_playable = found.is_playable(),
            .reason_code = found.unplayable_code,
            .reason = found.unplayable,
            .media = dump(
                {{"container", found.facts.container},
                 {"codec", found.facts.codec_name},
                 {"pictures", found.pictures},
                 {"length_ms", found.length.count() / 1000}}
            ),
            .now = {},
        };
        if (auto copied = copy_source(import.original, clip_.sha256); !copied)
            return std::unexpected(copied.error());
        if (found.is_playable()) {
            auto made = make_segments(found);
            if (!made) return std::unexpected(made.error());
            import.runs = std::move(made->runs);
            import.segments = std::move(made->segments);
        }
        import.now = tools_.clock.now();
        if (auto written = write_receipt(import); !written) return std::unexpected(written.error());
        const Imported result{
            .state = ClipState::imported,
            .is_playable = import.is_playable,
            .segments = import.segments.size(),
            .reason_code = import.reason_code,
        };
        if (auto saved = catalogue::save_import(tools_.pool, import, imported_act(import)); !saved)
            return std::unexpected(saved.error());
        log::info(
            "clip_imported",
            {{"clip", to_string(clip_.id)},
             {"camera", clip_.camera_slug},
             {"segments", result.segments},
             {"playable", result.is_playable}}
        );
        return result;
    }

    [[nodiscard]] ledger::Act imported_act(const catalogue::Import& import) const {
        Sha256 all;
        for (const catalogue::FinishedRow& segment : import.segments)
            if (segment.row.sha256) all.update(*segment.row.sha256);
        const json facts{
            {"camera", clip_.camera_slug},
            {"from", to_rfc3339(clip_.range.from)},
            {"to", to_rfc3339(clip_.range.to)},
            {"original_sha256", to_hex(clip_.sha256)},
            {"original_bytes", clip_.bytes},
            {"playable", import.is_playable},
            {"segments", import.segments.size()},
            {"segments_sha256", to_hex(all.digest())},
        };
        return clip_act(clip_, "clip.imported", facts);
    }

    const ImportTools& tools_;
    ContractorClip clip_;
    const ImportAdvance& advance_;
    fs::path source_;
    catalogue::ImportTarget target_{};
    check::Volume volume_{};
    ImportProgress progress_{};
};

}  // namespace

fs::path spool_path(const fs::path& data, const Uuid& clip_id) {
    return data / "spool" / "clips" / (to_string(clip_id) + ".clip");
}

Result<Imported> import_clip(const ImportTools& tools, const Uuid& clip_id, const ImportAdvance& advance) {
    auto clip = catalogue::get_contractor_clip(tools.pool, clip_id);
    if (!clip) return std::unexpected(clip.error());
    if (!*clip) return failure(Remedy::refuse, "clip " + to_string(clip_id) + " has no row");
    if ((*clip)->state != ClipState::received) {
        // Imported by an attempt whose worker died before it could say so.
        const bool has_ended = (*clip)->ended.has_value();
        if (!has_ended) return failure(Remedy::refuse, "clip " + to_string(clip_id) + " is not whole yet");
        return Imported{
            .state = (*clip)->state,
            .is_playable = (*clip)->is_playable.value_or(false),
            .segments = (*clip)->segments,
            .reason_code = (*clip)->reason_code,
        };
    }
    return Importer{tools, std::move(**clip), advance}.run();
}

}  // namespace sluice::contractor
