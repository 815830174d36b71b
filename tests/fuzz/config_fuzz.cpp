#include "config/load.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

/// Any text may be given as a configuration: it yields problems or values.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    // Files named by the text are not opened: the fuzzer would read whatever path it invents.
    if (text.find("password") != std::string_view::npos) return 0;
    (void)sluice::config::load_text(text, "/fuzz/sluice.toml", sluice::config::Secrets::database_only);
    return 0;
}
