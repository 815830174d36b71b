"""Start after kill -9 with a full catalogue: until the last camera's first fragment is written."""
import datetime
import os
import signal
import time

from .catalogue import CAMERAS, DAYS
from .common import BIN, Void, descendants, farm, median, name_of, run, running, scratch, wait_for, write_site


def after_kill(settings):
    cameras, days, loaded = (2, 1, 2) if settings.smoke else (16, DAYS, CAMERAS)
    times = []
    with farm(cameras, "1M") as server, scratch() as folder:
        slugs = [f"cam-{number}" for number in range(1, cameras + 1)]
        site = write_site(folder, list(zip(slugs, server.urls)))
        with running(site) as up:
            run([BIN / "load-catalogue", "--conninfo", site.conninfo(), "--days", days, "--cameras", loaded])
            for _ in range(settings.pairs):
                time.sleep(3)
                recorder = next((pid for pid in descendants(up.process.pid) if name_of(pid) == "sluice-recorder"), None)
                if recorder is None:
                    raise Void("there is no recorder")
                moment = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
                os.kill(recorder, signal.SIGKILL)
                began = time.perf_counter()
                reborn = wait_for(lambda: next((pid for pid in descendants(up.process.pid)
                                                if name_of(pid) == "sluice-recorder" and pid != recorder), None), 30, "a new recorder")
                started = time.perf_counter()
                parts = wait_for(lambda: newest_parts(site, slugs, moment), 30, "a fragment of every camera")
                times.append((time.perf_counter() - started, started - began))
                if reborn is None or not parts:
                    raise Void("no new recorder")
    spans = [span for span, _ in times]
    lines = [f"{cameras} cameras (GOP 1 s), {days * loaded * 1440} segments in the catalogue, kill -9, from the new process to the first written "
             f"fragment of the last camera: " + " ".join(f"{span:.2f}" for span in spans) + f" s, median {median(spans):.2f} s (bar: <= 5 s)",
             "of which up to a second waits for a key frame and one for the fragment to close; supervisor's back-off before it: "
             + " ".join(f"{wait:.2f}" for _, wait in times) + " s"]
    return {"lines": lines, "seconds": spans, "bar": "<= 5 s"}


def newest_parts(site, slugs, moment):
    """Open files made after the kill, one for every camera, each with at least a fragment behind its head."""
    compact = moment[:19].replace("-", "").replace(":", "") + "Z"
    for slug in slugs:
        files = [file for file in site.volume.glob(f"live/*/{slug}/main/*.part") if file.name[:16] >= compact]
        if not any(has_fragment(file) for file in files):
            return None
    return True


def has_fragment(file):
    try:
        with open(file, "rb") as stream:
            return b"moof" in stream.read(65536)
    except OSError:
        return False
