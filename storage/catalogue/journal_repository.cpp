#include "config/base/log.hpp"
#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/event_id.hpp"
#include "storage/catalogue/detail/overlaps.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"
#include "storage/catalogue/recorder_repository.hpp"

#include <algorithm>
#include <cmath>
#include <variant>

#include <nlohmann/json.hpp>

namespace sluice::catalogue {

namespace {

using detail::clean_text;

// The journal is the authority on a run's start; a segment that came first had only its own. A repeated line
// writes the same again. No row at all: the stream is unknown here.
constexpr const char* kRunStarted = R"(
    INSERT INTO runs (id, stream_id, from_at, clock_synchronised)
    SELECT $1::uuid, s.id, from_us($3::bigint), $4::bool FROM streams s WHERE s.id = $2::uuid
    ON CONFLICT (id) DO UPDATE SET from_at = excluded.from_at, clock_synchronised = excluded.clock_synchronised)";

// A host clock that ran back may end a run before its start; then it ends there.
constexpr const char* kRunEnded = R"(
    UPDATE runs SET to_at = greatest(from_at, from_us($2::bigint)), end_cause = $3, measured_fps = $4::float8, media_rate = $5::float8
    WHERE id = $1::uuid)";

constexpr const char* kGapOpened = R"(
    INSERT INTO gaps (id, stream_id, from_at, cause, detail)
    SELECT $1::uuid, s.id, from_us($3::bigint), $4, $5 FROM streams s WHERE s.id = $2::uuid
    ON CONFLICT (id) DO UPDATE SET cause = excluded.cause, detail = excluded.detail)";

// A gap that was closed may be shortened and never grows: a late line can't take footage away (least() passes
// over null).
constexpr const char* kGapClosed = R"(
    UPDATE gaps SET to_at = least(to_at, greatest(from_at, from_us($2::bigint))) WHERE id = $1::uuid)";

constexpr const char* kEvent = R"(
    INSERT INTO recorder_events (id, volume_id, at, kind, detail)
    VALUES ($1::uuid, $2::uuid, from_us($3::bigint), $4, $5::jsonb)
    ON CONFLICT (id) DO NOTHING)";

constexpr const char* kMovePosition = R"(
    INSERT INTO journal_positions (volume_id, file, byte_offset) VALUES ($1::uuid, $2, $3::bigint)
    ON CONFLICT (volume_id) DO UPDATE SET file = excluded.file, byte_offset = excluded.byte_offset)";

constexpr const char* kPosition =
    "SELECT file, byte_offset FROM journal_positions WHERE volume_id = $1::uuid";

// A rate that is no number must not stop the reading of the journal.
double plausible(double rate) {
    return std::isfinite(rate) && rate > 0 ? rate : 0;
}

/// Applies facts one by one within a transaction. Each returns false when its stream, run or gap is unknown
/// here.
class Projection {
public:
    Projection(pqxx::work& transaction, const Uuid& volume_id)
        : transaction_(transaction),
          volume_id_(volume_id) {}

    void apply(const volume::JournalLine& line) {
        line_ = &line;
        const bool is_placed = std::visit([this](const auto& fact) { return place(fact); }, line.fact);
        if (is_placed) return;
        ++unplaced_;
        std::string text = volume::to_line(line);
        while (text.ends_with('\n'))
            text.pop_back();
        save_event("unplaced", "line", text, "reason", "unknown stream, run or gap");
    }

    [[nodiscard]] const std::vector<Uuid>& runs() const noexcept { return runs_; }
    [[nodiscard]] std::size_t unplaced() const noexcept { return unplaced_; }

private:
    bool place(const volume::RunStarted& run) {
        runs_.push_back(run.run_id);
        return detail::run(
                   transaction_,
                   kRunStarted,
                   to_string(run.run_id),
                   to_string(run.stream_id),
                   to_epoch_us(run.at),
                   run.clock_synchronised ? (*run.clock_synchronised ? "t" : "f") : nullptr
               )
                   .affected_rows() > 0;
    }
    bool place(const volume::RunEnded& run) {
        if (run.started) place(*run.started);
        runs_.push_back(run.run_id);
        return detail::run(
                   transaction_,
                   kRunEnded,
                   to_string(run.run_id),
                   to_epoch_us(run.at),
                   std::string{to_string(run.cause)},
                   plausible(run.measured_fps),
                   plausible(run.media_rate)
               )
                   .affected_rows() > 0;
    }
    bool place(const volume::GapOpened& gap) {
        return detail::run(
                   transaction_,
                   kGapOpened,
                   to_string(gap.gap_id),
                   to_string(gap.stream_id),
                   to_epoch_us(gap.from),
                   std::string{to_string(gap.cause)},
                   clean_text(gap.detail)
               )
                   .affected_rows() > 0;
    }
    bool place(const volume::GapClosed& gap) {
        if (gap.opened) place(*gap.opened);
        return detail::run(transaction_, kGapClosed, to_string(gap.gap_id), to_epoch_us(gap.to))
                   .affected_rows() > 0;
    }
    bool place(const volume::ConfigLoaded& config) {
        if (save_event("config_loaded", "sha256", config.sha256, "summary", config.summary))
            record("config.loaded", "sha256", config.sha256, "summary", config.summary);
        return true;
    }
    bool place(const volume::Refused& refused) {
        if (save_event("refused", "what", refused.what, "reason", refused.reason))
            record("recorder.refused", "what", refused.what, "reason", refused.reason);
        return true;
    }

    bool place(const volume::Started& life) {
        if (save_event("started", "program", "sluice-recorder", "version", life.version))
            record("program.started", "program", "sluice-recorder", "version", life.version);
        return true;
    }
    bool place(const volume::PowerChanged& change) {
        nlohmann::json facts{
            {"ups", clean_text(change.ups)},
            {"state", to_string(change.state)},
            {"at", to_rfc3339(change.at)},
            {"feeds_recorder", change.feeds_recorder},
            {"feeds_locks", change.feeds_locks},
            {"detail", clean_text(change.detail)},
        };
        // Whole: a record of the audit log takes no fraction.
        if (change.charge_percent)
            facts["charge_percent"] = std::llround(std::clamp(*change.charge_percent, 0.0, 1000.0));
        if (!save_event("power", facts)) return true;
        record("power.changed", std::move(facts));
        return true;
    }
    bool place(const volume::Stopped& life) {
        const std::string streams = life.all_streams_ended ? "all" : "not all";
        if (save_event("stopped", "program", "sluice-recorder", "streams_ended", streams))
            record("program.stopped", "program", "sluice-recorder", "streams_ended", streams);
        return true;
    }

    void record(
        const char* action,
        const char* first,
        const std::string& value,
        const char* second,
        const std::string& other
    ) {
        record(action, {{first, value}, {second, other}});
    }
    /// Into the audit log, once: a line that is read again makes no second event.
    void record(const char* action, nlohmann::json facts) {
        facts["written"] = to_rfc3339(line_->written);
        const auto recorded = append_record(
            transaction_,
            {.action = action,
             .actor = ledger::system_actor("sluice-recorder"),
             .subject = {.kind = "volume", .id = to_string(volume_id_)},
             .facts = facts.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)},
            RealClock{}.now()
        );
        // Such facts always have a form; an act that could not be written down must not pass in
        // silence.
        if (!recorded) throw pqxx::conversion_error{recorded.error().message()};
    }

    /// False: this line's event was there already.
    bool save_event(
        const char* kind,
        const char* first,
        const std::string& value,
        const char* second,
        const std::string& other
    ) {
        return save_event(kind, {{first, clean_text(value)}, {second, clean_text(other)}});
    }
    bool save_event(const char* kind, const nlohmann::json& facts) {
        const Uuid id = detail::event_id(volume_id_, *line_);
        const pqxx::result saved = detail::run(
            transaction_,
            kEvent,
            to_string(id),
            to_string(volume_id_),
            to_epoch_us(line_->written),
            kind,
            facts.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
        );
        return saved.affected_rows() > 0;
    }

    pqxx::work& transaction_;
    const Uuid& volume_id_;
    const volume::JournalLine* line_ = nullptr;
    std::vector<Uuid> runs_;
    std::size_t unplaced_ = 0;
};

}  // namespace

Uuid detail::event_id(const Uuid& volume_id, const volume::JournalLine& line) {
    const Sha256Digest hash = sha256(as_bytes(to_string(volume_id) + volume::to_line(line)));
    Uuid id;
    std::copy_n(hash.begin(), id.bytes.size(), id.bytes.begin());
    return id;
}

Status apply_journal(
    Pool& pool,
    const Uuid& volume_id,
    std::span<const volume::JournalLine> lines,
    const volume::JournalPosition& next
) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        Projection projection{transaction, volume_id};
        for (const auto& line : lines)
            projection.apply(line);
        detail::flag_overlaps(transaction, projection.runs());
        detail::run(
            transaction,
            kMovePosition,
            to_string(volume_id),
            clean_text(next.file),
            static_cast<std::int64_t>(next.offset)
        );
        transaction.commit();
        if (projection.unplaced() > 0)
            log::warn(
                "journal_lines_unplaced", {{"volume", to_string(volume_id)}, {"lines", projection.unplaced()}}
            );
        return {};
    });
}

Result<volume::JournalPosition> load_journal_position(Pool& pool, const Uuid& volume_id) {
    volume::JournalPosition position;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::nontransaction session{connection.get()};
        const pqxx::result rows = detail::run(session, kPosition, to_string(volume_id));
        if (rows.empty()) return {};
        position = {.file = rows[0][0].as<std::string>(), .offset = rows[0][1].as<std::uint64_t>()};
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return position;
}

}  // namespace sluice::catalogue
