#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

// The names are the sanitizers'.

#if __has_feature(address_sanitizer)
// Debian's cairo 1.16 keeps 768 bytes of each PDF, and fontconfig its configuration; neither has a call that
// would give them back.
extern "C" const char* __lsan_default_suppressions() {
    return "leak:libcairo.so\nleak:libfontconfig.so\n";
}
#endif

#if __has_feature(thread_sanitizer)
// Pango looks for fonts on threads of its own, behind mutexes of a glib that knows nothing of the sanitizer.
extern "C" const char* __tsan_default_suppressions() {
    return "race:libfontconfig.so\nrace:libpango\nrace:libglib-2.0.so\nrace:libcairo.so\nrace:libharfbuzz."
           "so\n"
           "race:libfreetype.so\n";
}
#endif
