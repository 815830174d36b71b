#include "tests/support/skip.hpp"

#include <cstdlib>
#include <fstream>
#include <iostream>

namespace sluice::test {

void note_skip(const std::string& test_name, std::string_view reason) {
    std::cout << "skipped: " << test_name << ": " << reason << '\n';
    const char* const file = std::getenv("SLUICE_SKIP_FILE");
    if (file == nullptr || *file == '\0') return;
    std::ofstream out{file, std::ios::app};
    out << test_name << '\t' << reason << '\n';
}

}  // namespace sluice::test
