// Preloaded into a recorder it makes every sync a lie: the call succeeds and does nothing.
extern "C" {

int fdatasync(int /*fd*/) {
    return 0;
}

int fsync(int /*fd*/) {
    return 0;
}

}  // extern "C"
