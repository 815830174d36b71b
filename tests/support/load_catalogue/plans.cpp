#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/footage_repository.hpp"
#include "storage/catalogue/recorder_repository.hpp"
#include "tests/support/load_catalogue/load.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <random>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace sluice::load {

using namespace std::chrono_literals;

namespace {

/// A question of a repository over random cameras and times; says how many rows came.
struct Question {
    const char* name;
    int times;
    std::function<Result<std::size_t>(catalogue::Pool&)> ask;
};

template <class T>
Result<std::size_t> count_of(const Result<std::vector<T>>& rows) {
    if (!rows) return std::unexpected(rows.error());
    return rows->size();
}

Result<std::size_t> count_of(const Result<catalogue::Coverage>& coverage) {
    if (!coverage) return std::unexpected(coverage.error());
    return coverage->covered.size() + coverage->gaps.size();
}

/// Draws streams and intervals of what was loaded.
struct Draw {
    std::vector<Uuid> streams;
    UtcTime first;
    UtcTime end;
    std::mt19937_64 random{1};  // NOLINT(cert-msc51-cpp): the same questions every time

    Uuid stream() { return streams[random() % streams.size()]; }
    TimeRange interval(Microseconds length) {
        const auto room = std::max<std::int64_t>(1, (end - first - length).count());
        const UtcTime from =
            first + Microseconds{static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(room))};
        return {from, from + length};
    }
};

std::vector<Question> questions_of(Draw& draw, int days, bool has_index) {
    using namespace catalogue;
    const TimeRange month{draw.end - std::min(days, 30) * 24h, draw.end};
    const TimeRange whole{draw.end - days * 24h, draw.end};
    std::vector<Question> questions{
        {"coverage of a camera-day",
         1000,
         [&draw](Pool& pool) {
             return count_of(load_coverage(pool, draw.stream(), StreamKind::main, draw.interval(24h)));
         }},
        {"timeline of all cameras, 30 days",
         100,
         [month](Pool& pool) { return count_of(load_coverage(pool, std::nullopt, StreamKind::main, month)); }
        },
        {"timeline of all cameras and days",
         20,
         [whole](Pool& pool) { return count_of(load_coverage(pool, std::nullopt, StreamKind::main, whole)); }
        },
        {"list, page of 100",
         1000,
         [&draw](Pool& pool) {
             return count_of(load_segments(pool, draw.stream(), draw.interval(24h), std::nullopt, 100));
         }},
        {"segments of an hour",
         1000,
         [&draw](Pool& pool) {
             return count_of(load_segments(pool, draw.stream(), draw.interval(1h), std::nullopt, 1000));
         }},
        {"known segments, 60 ids (and their list)",
         200,
         [&draw](Pool& pool) -> Result<std::size_t> {
             const auto rows = load_segments(pool, draw.stream(), draw.interval(1h), std::nullopt, 1000);
             if (!rows) return std::unexpected(rows.error());
             std::vector<Uuid> ids;
             for (const auto& row : *rows)
                 ids.push_back(row.id);
             const auto known = find_known_segments(pool, ids);
             if (!known) return std::unexpected(known.error());
             return known->finished.size();
         }},
    };
    if (has_index)
        questions
            .push_back({"indexes of an hour (and its list)", 200, [&draw](Pool& pool) -> Result<std::size_t> {
                            const auto rows =
                                load_segments(pool, draw.stream(), draw.interval(1h), std::nullopt, 1000);
                            if (!rows) return std::unexpected(rows.error());
                            std::vector<std::pair<Uuid, UtcTime>> wanted;
                            for (const auto& row : *rows)
                                wanted.emplace_back(row.id, row.range.from);
                            return count_of(get_segment_indexes(pool, wanted));
                        }});
    return questions;
}

Result<Draw> draw_of(catalogue::Pool& pool, const Options& options) {
    const auto streams = catalogue::load_streams(pool);
    if (!streams) return std::unexpected(streams.error());
    if (streams->empty()) return failure(Remedy::operator_acts, "nothing is loaded");
    Draw draw;
    for (const auto& stream : *streams)
        draw.streams.push_back(stream.id);
    draw.end = options.end;
    draw.first = options.end - options.days * 24h;
    return draw;
}

/// A line as a reader wants it: lists of a thousand ids are cut.
void print_short(std::string_view line) {
    constexpr std::size_t kWidth = 200;
    if (line.size() > kWidth)
        fmt::print("{} …\n", line.substr(0, kWidth));
    else
        fmt::print("{}\n", line);
}

/// What the server says beside its answers: here the plans. Not those of our SQL functions, which the planner
/// evaluates and explains without a text.
class NoticePrinter final : public pqxx::errorhandler {
public:
    explicit NoticePrinter(pqxx::connection_base& connection) : errorhandler(connection) {}
    bool operator()(const char text[]) noexcept override {
        std::string_view rest{text};
        if (rest.find("Query Text: \nResult ") != std::string_view::npos) return true;
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find('\n'), rest.size());
            print_short(rest.substr(0, end));
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
        return true;
    }
};

// The server explains the very statements of the repositories. One connection: the printer hangs on it.
Status print_plans(const std::string& conninfo, const std::vector<Question>& questions) {
    catalogue::Pool pool{
        conninfo +
            " options='-c session_preload_libraries=auto_explain -c auto_explain.log_min_duration=0"
            " -c auto_explain.log_analyze=on -c auto_explain.log_buffers=on -c client_min_messages=log'",
        1
    };
    std::unique_ptr<NoticePrinter> printer;
    const Status attached = pool.with([&](catalogue::Connection& connection) -> Status {
        printer = std::make_unique<NoticePrinter>(connection.get());
        return {};
    });
    if (!attached) return attached;
    for (const Question& question : questions) {
        fmt::print("\n==== {}\n", question.name);
        if (const auto answer = question.ask(pool); !answer) return std::unexpected(answer.error());
    }
    fmt::print("\n");
    return {};
}

Status measure(catalogue::Pool& pool, const Question& question) {
    std::vector<double> took;
    std::size_t rows = 0;
    for (int i = 0; i < question.times; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        const auto answer = question.ask(pool);
        took.push_back(
            std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count()
        );
        if (!answer) return std::unexpected(answer.error());
        rows = std::max(rows, *answer);
    }
    std::ranges::sort(took);
    const auto at = [&](std::size_t percent) {
        return took[std::min(took.size() - 1, took.size() * percent / 100)];
    };
    fmt::print(
        "{:42} {:5} times, up to {:6} rows: p50 {:8.2f} ms, p99 {:8.2f} ms\n",
        question.name,
        question.times,
        rows,
        at(50),
        at(99)
    );
    return {};
}

}  // namespace

Status explain(const Options& options) {
    catalogue::Pool pool{options.conninfo, 1};
    auto draw = draw_of(pool, options);
    if (!draw) return std::unexpected(draw.error());
    const auto questions = questions_of(*draw, options.days, options.has_index);
    if (Status printed = print_plans(options.conninfo, questions); !printed) return printed;
    for (const Question& question : questions)
        if (Status measured = measure(pool, question); !measured) return measured;
    return {};
}

}  // namespace sluice::load
