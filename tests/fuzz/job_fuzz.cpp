#include "api/cursor.hpp"
#include "api/jobs/rules.hpp"
#include "jobs/arguments.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

/// What a client may ask of the worker, and what may stand in a job's row. A promise that breaks aborts.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace sluice;
    const std::string_view text{reinterpret_cast<const char*>(data), size};

    static const std::vector<std::string> kKnown{"kind", "depth", "from", "to", "camera"};
    if (const auto parameters = api::Parameters::parse(text, kKnown); parameters) {
        if (const auto request = api::parse_job_request(*parameters); request) {
            if (request->same_work.empty()) std::abort();
            // Whatever the service files, the worker understands.
            const auto arguments = jobs::check_arguments_from(request->arguments);
            if (!arguments) std::abort();
            const check::Settings& settings = arguments->settings;
            if (settings.from && settings.to && *settings.to <= *settings.from) std::abort();
        }
    }
    static_cast<void>(jobs::check_arguments_from(std::string{text}));
    static_cast<void>(jobs::copy_arguments_from(std::string{text}));
    if (const auto slug = api::slug_cursor_from(text); slug && api::to_cursor(*slug) != text) std::abort();
    return 0;
}
