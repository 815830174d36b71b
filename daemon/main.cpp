#include "daemon/program.hpp"

int main(int count, char** words) {
    const sluice::RealClock clock;
    sluice::volume::RealFiles files;
    return sluice::daemon::run_program(count, words, clock, files);
}
