#include "tests/support/load_catalogue/load.hpp"

#include <cstdio>

#include <fmt/format.h>
#include <pqxx/except>

// A catalogue of any size for benchmarks, see --help.
int main(int count, char** words) {
    const sluice::UtcTime now = sluice::RealClock{}.now();
    const auto options = sluice::load::read_options(count, words, now);
    if (!options) {
        fmt::print(stderr, "load-catalogue: {}\n", options.error().describe());
        return 2;
    }
    if (options->is_help) {
        fmt::print("{}", sluice::load::help());
        return 0;
    }
    try {
        sluice::Status status;
        if (!options->plans_only) status = sluice::load::load(*options, now);
        if (status && options->with_plans) status = sluice::load::explain(*options);
        if (status) return 0;
        fmt::print(stderr, "load-catalogue: {}\n", status.error().describe());
    } catch (const pqxx::failure& error) {
        fmt::print(stderr, "load-catalogue: {}\n", error.what());
    }
    return 1;
}
