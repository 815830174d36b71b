#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

#if __has_feature(address_sanitizer)
// Debian's cairo 1.16 keeps 768 bytes of each PDF, and fontconfig its configuration; neither has a call that
// would give them back. The name is the sanitizer's.
extern "C" const char* __lsan_default_suppressions() {
    return "leak:libcairo.so\nleak:libfontconfig.so\n";
}
#endif
