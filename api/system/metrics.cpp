#include "api/system/metrics.hpp"

#include <fmt/format.h>

namespace sluice::api {
namespace {

double seconds(Microseconds length) {
    return static_cast<double>(length.count()) / 1e6;
}
double epoch_seconds(UtcTime time) {
    return static_cast<double>(to_epoch_us(time)) / 1e6;
}

void append_label_value(std::string& out, std::string_view value) {
    for (const char letter : value) {
        if (letter == '\\' || letter == '"') out.push_back('\\');
        if (letter == '\n')
            out += "\\n";
        else
            out.push_back(letter);
    }
}

/// One family with a sample for every stream.
template <class Value>
void per_stream(
    MetricsText& out,
    const status::RecorderStatus& recorder,
    std::string_view name,
    std::string_view type,
    std::string_view help,
    Value value
) {
    out.family(name, type, help);
    for (const auto& stream : recorder.streams)
        out.sample(
            name, {{"camera", stream.camera_slug}, {"stream", to_string(stream.stream)}}, value(stream)
        );
}

void add_stream_gauges(MetricsText& out, const status::RecorderStatus& recorder) {
    using Stream = status::StreamStatus;
    per_stream(
        out,
        recorder,
        "sluice_stream_recording",
        "gauge",
        "1 while the stream is recorded.",
        [](const Stream& s) { return s.state == status::StreamState::recording ? 1.0 : 0.0; }
    );
    out.family("sluice_stream_state", "gauge", "1 for the state the stream is in.");
    for (const auto& s : recorder.streams)
        out.sample(
            "sluice_stream_state",
            {{"camera", s.camera_slug}, {"stream", to_string(s.stream)}, {"state", to_string(s.state)}},
            1
        );
    per_stream(
        out,
        recorder,
        "sluice_stream_bitrate_bps",
        "gauge",
        "Bits per second over the last ten seconds.",
        [](const Stream& s) { return s.bitrate_bps; }
    );
    per_stream(
        out,
        recorder,
        "sluice_stream_frame_rate",
        "gauge",
        "Frames per second over the last ten seconds.",
        [](const Stream& s) { return s.frame_rate; }
    );
}

void add_stream_counters(MetricsText& out, const status::RecorderStatus& recorder) {
    using Stream = status::StreamStatus;
    const auto count = [](std::uint64_t value) { return static_cast<double>(value); };
    per_stream(
        out,
        recorder,
        "sluice_stream_frames_total",
        "counter",
        "Access units recorded.",
        [count](const Stream& s) { return count(s.frames); }
    );
    per_stream(
        out,
        recorder,
        "sluice_stream_bytes_total",
        "counter",
        "Bytes recorded.",
        [count](const Stream& s) { return count(s.bytes); }
    );
    per_stream(
        out,
        recorder,
        "sluice_stream_frames_dropped_total",
        "counter",
        "Frames given up because the disk was slow.",
        [count](const Stream& s) { return count(s.frames_dropped); }
    );
    per_stream(
        out,
        recorder,
        "sluice_stream_packets_lost_total",
        "counter",
        "RTP packets that never arrived.",
        [count](const Stream& s) { return count(s.packets_lost); }
    );
    per_stream(
        out,
        recorder,
        "sluice_stream_reconnects_total",
        "counter",
        "Connections begun again.",
        [count](const Stream& s) { return count(s.reconnects); }
    );
}

void add_stream_times(MetricsText& out, const status::RecorderStatus& recorder) {
    out.family("sluice_stream_last_packet_timestamp_seconds", "gauge", "When the last packet arrived.");
    for (const auto& s : recorder.streams)
        if (s.last_packet)
            out.sample(
                "sluice_stream_last_packet_timestamp_seconds",
                {{"camera", s.camera_slug}, {"stream", to_string(s.stream)}},
                epoch_seconds(*s.last_packet)
            );
    out.family("sluice_stream_clock_offset_seconds", "gauge", "The camera's clock minus ours.");
    for (const auto& s : recorder.streams)
        if (s.clock_offset_us)
            out.sample(
                "sluice_stream_clock_offset_seconds",
                {{"camera", s.camera_slug}, {"stream", to_string(s.stream)}},
                seconds(Microseconds{*s.clock_offset_us})
            );
}

template <class Value>
void per_volume(
    MetricsText& out,
    const status::RecorderStatus& recorder,
    std::string_view name,
    std::string_view help,
    Value value
) {
    out.family(name, "gauge", help);
    for (const auto& volume : recorder.volumes)
        out.sample(name, {{"volume", volume.path.string()}}, value(volume));
}

void add_volumes(MetricsText& out, const status::RecorderStatus& recorder) {
    using Volume = status::VolumeStatus;
    per_volume(
        out,
        recorder,
        "sluice_volume_writable",
        "1 while footage is written there.",
        [](const Volume& v) { return v.is_writable ? 1.0 : 0.0; }
    );
    per_volume(out, recorder, "sluice_volume_size_bytes", "Size of the file system.", [](const Volume& v) {
        return static_cast<double>(v.total_bytes);
    });
    per_volume(out, recorder, "sluice_volume_free_bytes", "Free space.", [](const Volume& v) {
        return static_cast<double>(v.free_bytes);
    });
    per_volume(
        out,
        recorder,
        "sluice_volume_longest_sync_seconds",
        "Longest sync of the last minute.",
        [](const Volume& v) { return seconds(Microseconds{v.longest_sync_us}); }
    );
    per_volume(
        out,
        recorder,
        "sluice_volume_longest_write_seconds",
        "Longest write of the last minute.",
        [](const Volume& v) { return seconds(Microseconds{v.longest_write_us}); }
    );
}

template <class Value>
void per_ups(
    MetricsText& out,
    const status::RecorderStatus& recorder,
    std::string_view name,
    std::string_view help,
    Value value
) {
    out.family(name, "gauge", help);
    for (const auto& ups : recorder.ups)
        if (const std::optional<double> number = value(ups)) out.sample(name, {{"ups", ups.slug}}, *number);
}

void add_power(MetricsText& out, const status::RecorderStatus& recorder) {
    using Ups = status::UpsStatus;
    out.family("sluice_ups_state", "gauge", "1 for the state of power that the UPS tells.");
    for (const auto& ups : recorder.ups)
        out.sample("sluice_ups_state", {{"ups", ups.slug}, {"state", to_string(ups.state)}}, 1);
    per_ups(out, recorder, "sluice_ups_charge_percent", "Charge of the battery.", [](const Ups& ups) {
        return ups.charge_percent;
    });
    per_ups(
        out,
        recorder,
        "sluice_ups_runtime_seconds",
        "How long the battery still lasts, as the UPS reckons.",
        [](const Ups& ups) {
            return ups.runtime_s.transform([](std::uint64_t left) { return static_cast<double>(left); });
        }
    );
    per_ups(
        out,
        recorder,
        "sluice_ups_heard_timestamp_seconds",
        "The UPS's last good answer.",
        [](const Ups& ups) { return ups.heard.transform(epoch_seconds); }
    );
}

void add_single(
    MetricsText& out,
    std::string_view name,
    std::string_view type,
    std::string_view help,
    double value
) {
    out.family(name, type, help);
    out.sample(name, {}, value);
}

void add_recorder(MetricsText& out, const MetricsInput& input) {
    add_single(
        out,
        "sluice_recorder_status_present",
        "gauge",
        "1 when the recorder's status could be read.",
        input.recorder == nullptr ? 0 : 1
    );
    if (input.recorder == nullptr) return;
    const status::RecorderStatus& recorder = *input.recorder;
    add_single(
        out,
        "sluice_recorder_status_age_seconds",
        "gauge",
        "Age of the recorder's status.",
        seconds(input.now - recorder.written)
    );
    add_single(
        out,
        "sluice_recorder_start_timestamp_seconds",
        "gauge",
        "When the recorder started.",
        epoch_seconds(recorder.started)
    );
    add_single(
        out,
        "sluice_recorder_write_lag_seconds",
        "gauge",
        "Longest time of the last minute from a fragment's end to its write's return.",
        seconds(Microseconds{recorder.write_lag_us})
    );
    add_single(
        out,
        "sluice_recorder_database_connected",
        "gauge",
        "1 while the recorder reaches the catalogue.",
        recorder.database_connected ? 1 : 0
    );
    add_single(
        out,
        "sluice_recorder_catalogue_backlog",
        "gauge",
        "Segments and journal lines that wait for the catalogue.",
        static_cast<double>(recorder.catalogue_backlog)
    );
    if (recorder.clock_synchronised)
        add_single(
            out,
            "sluice_host_clock_synchronised",
            "gauge",
            "1 when the kernel holds the clock for synchronised.",
            *recorder.clock_synchronised ? 1 : 0
        );
    add_single(
        out,
        "sluice_recorder_durability_window_seconds",
        "gauge",
        "How much footage a power cut may cost now: less on battery.",
        static_cast<double>(recorder.durability_window_ms) / 1e3
    );
    add_power(out, recorder);
    add_stream_gauges(out, recorder);
    add_stream_counters(out, recorder);
    add_stream_times(out, recorder);
    add_volumes(out, recorder);
}

void add_durations(MetricsText& out, const RouteCounts& routes) {
    out.family(
        "sluice_http_request_duration_seconds",
        "histogram",
        "From a request's last byte to its answer's last."
    );
    for (const auto& [key, count] : routes) {
        const std::string status = std::to_string(key.second);
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < kDurationBounds.size(); ++i) {
            sum += count.within.at(i);
            out.sample(
                "sluice_http_request_duration_seconds_bucket",
                {{"route", key.first}, {"status", status}, {"le", fmt::format("{}", kDurationBounds.at(i))}},
                static_cast<double>(sum)
            );
        }
        out.sample(
            "sluice_http_request_duration_seconds_bucket",
            {{"route", key.first}, {"status", status}, {"le", "+Inf"}},
            static_cast<double>(count.requests)
        );
        out.sample(
            "sluice_http_request_duration_seconds_sum",
            {{"route", key.first}, {"status", status}},
            count.seconds
        );
        out.sample(
            "sluice_http_request_duration_seconds_count",
            {{"route", key.first}, {"status", status}},
            static_cast<double>(count.requests)
        );
    }
}

void add_http(MetricsText& out, const MetricsInput& input) {
    add_durations(out, input.routes);
    const auto per_route = [&](std::string_view name, std::string_view help, auto value) {
        out.family(name, "counter", help);
        for (const auto& [key, count] : input.routes)
            out.sample(
                name,
                {{"route", key.first}, {"status", std::to_string(key.second)}},
                static_cast<double>(value(count))
            );
    };
    per_route("sluice_http_sent_bytes_total", "Bytes of bodies sent.", [](const RouteCount& c) {
        return c.sent_bytes;
    });
    per_route(
        "sluice_http_broken_total",
        "Answers of which not every byte went out.",
        [](const RouteCount& c) { return c.broken; }
    );
    add_single(
        out,
        "sluice_http_connections",
        "gauge",
        "Open connections.",
        static_cast<double>(input.server.connections)
    );
    add_single(
        out,
        "sluice_http_connections_total",
        "counter",
        "Connections accepted.",
        static_cast<double>(input.server.connections_total)
    );
    add_single(
        out,
        "sluice_http_turned_away_total",
        "counter",
        "Connections refused because too many were open.",
        static_cast<double>(input.server.turned_away_total)
    );
    add_single(
        out,
        "sluice_http_jobs_waiting",
        "gauge",
        "Requests that wait for a worker.",
        static_cast<double>(input.server.jobs_waiting)
    );
    add_single(
        out,
        "sluice_api_password_checks_total",
        "counter",
        "Passwords compared at logins, of known and unknown names.",
        static_cast<double>(input.password_checks)
    );
}

void add_ledger(MetricsText& out, const LedgerHealth& ledger) {
    if (!ledger.is_known) return;
    add_single(
        out,
        "sluice_ledger_records",
        "gauge",
        "Records of the audit log that a signed checkpoint covers.",
        static_cast<double>(ledger.size)
    );
    add_single(
        out,
        "sluice_ledger_longest_wait_seconds",
        "gauge",
        "How long the record that waits the longest for its checkpoint has waited; over 60 no footage is "
        "opened.",
        static_cast<double>(ledger.longest_wait.count()) / 1e3
    );
    add_single(
        out,
        "sluice_ledger_trouble",
        "gauge",
        "1 while the worker refuses to sign.",
        ledger.trouble.empty() ? 0 : 1
    );
    if (ledger.signed_at)
        add_single(
            out,
            "sluice_ledger_checkpoint_timestamp_seconds",
            "gauge",
            "When the newest checkpoint was signed.",
            epoch_seconds(*ledger.signed_at)
        );
}

}  // namespace

void MetricsText::family(std::string_view name, std::string_view type, std::string_view help) {
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void MetricsText::sample(std::string_view name, Labels labels, double value) {
    text_ += name;
    char separator = '{';
    for (const auto& [label, content] : labels) {
        text_ += separator;
        text_ += label;
        text_ += "=\"";
        append_label_value(text_, content);
        text_ += '"';
        separator = ',';
    }
    if (separator == ',') text_ += '}';
    text_ += fmt::format(" {}\n", value);
}

std::string to_metrics(const MetricsInput& input) {
    MetricsText out;
    out.family("sluice_build_info", "gauge", "Version of this service.");
    out.sample("sluice_build_info", {{"version", SLUICE_VERSION}}, 1);
    add_single(
        out,
        "sluice_api_start_timestamp_seconds",
        "gauge",
        "When this service started.",
        epoch_seconds(input.started)
    );
    add_single(
        out,
        "sluice_api_database_reachable",
        "gauge",
        "1 while the catalogue answers with the right schema.",
        input.database == DatabaseHealth::reachable ? 1 : 0
    );
    add_single(
        out,
        "sluice_retention_floor_at_risk",
        "gauge",
        "1 when the disks will not hold the floor (RET_FLOOR_AT_RISK), as the worker last foresaw.",
        input.catalogue.is_floor_at_risk ? 1 : 0
    );
    add_single(
        out,
        "sluice_calendar_missing_years",
        "gauge",
        "Years of the office calendar that should be imported and are not.",
        static_cast<double>(input.catalogue.missing_calendar_years.size())
    );
    if (input.catalogue.days_held)
        add_single(
            out,
            "sluice_retention_days_held",
            "gauge",
            "Days of footage that the disks hold at the measured rate.",
            *input.catalogue.days_held
        );
    add_ledger(out, input.ledger);
    if (input.backup && input.backup->verified_backup)
        add_single(
            out,
            "sluice_backup_verified_timestamp_seconds",
            "gauge",
            "When the newest backup that was restored and counted was made; missing: there is none.",
            epoch_seconds(*input.backup->verified_backup)
        );
    add_recorder(out, input);
    add_http(out, input);
    return out.text();
}

}  // namespace sluice::api
