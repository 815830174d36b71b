"""Start after kill -9 with a full catalogue: until the last camera's first fragment is written."""
import contextlib
import datetime
import json
import os
import signal
import time

from .common import Void, descendants, farm, median, name_of, wait_for
from .loaded import BITRATE, loaded_site


STEPS = ("back-off of the supervisor before the new process", "of the span: from the first log line to the last camera's RTSP set-up",
         "to the last camera's first key frame")


def recorder_of(site, but=None):
    return next((pid for pid in descendants(site.process.pid) if name_of(pid) == "sluice-recorder" and pid != but), None)


def after_kill(settings):
    cameras = 2 if settings.smoke else 16
    times = []
    with farm(cameras, BITRATE if settings.smoke else "1M") as server:
        slugs = [f"cam-{number}" for number in range(1, cameras + 1)]
        with loaded_site(settings, list(zip(slugs, server.urls))) as site:
            for _ in range(settings.pairs):
                time.sleep(3)
                recorder = recorder_of(site)
                if recorder is None:
                    raise Void("there is no recorder")
                before = {slug: parts_of(site, slug) for slug in slugs}
                log_bytes = site.log.stat().st_size
                os.kill(recorder, signal.SIGKILL)
                killed = time.perf_counter()
                wait_for(lambda recorder=recorder: recorder_of(site, but=recorder), 30, "a new recorder")
                started = time.perf_counter()
                wait_for(lambda before=before: all_have_begun(site, before), 30, "a fragment of every camera")
                times.append((time.perf_counter() - started, started - killed, *steps_of(site, log_bytes, slugs)))
    spans = [span for span, *_ in times]
    lines = [f"{cameras} cameras (GOP 1 s), {site.rows}; kill -9, from the new process to the first written "
             f"fragment of the last camera: " + " ".join(f"{span:.2f}" for span in spans) + f" s, median {median(spans):.2f} s (bar: <= 5 s)",
             *(f"{what}: " + " ".join(f"{row[place]:.2f}" for row in times) + " s" for place, what in enumerate(STEPS, start=1))]
    return {"lines": lines, "seconds": spans, "steps": [dict(zip(STEPS, row[1:])) for row in times], "bar": "<= 5 s"}


def steps_of(site, log_bytes, slugs):
    """What the new recorder says itself: seconds from its first line until every camera was connected, and had a key frame."""
    begun, last = None, {"stream_connected": {}, "run_started": {}}
    with open(site.log, "rb") as log:
        log.seek(log_bytes)
        for line in log:
            with contextlib.suppress(ValueError, KeyError, TypeError):
                record = json.loads(line)
                moment = datetime.datetime.fromisoformat(record["time"])
                if record["event"] == "recorder_started":
                    begun = moment
                if record["event"] in last and record["camera"] in slugs:
                    last[record["event"]].setdefault(record["camera"], moment)
    if begun is None or any(len(cameras) < len(slugs) for cameras in last.values()):
        raise Void("the recorder's log does not tell how it started")
    return [(max(cameras.values()) - begun).total_seconds() for cameras in last.values()]


def parts_of(site, slug):
    return set(site.volume.glob(f"live/*/{slug}/main/*.part"))


def all_have_begun(site, before):
    """Every camera has a file that was not there before, with at least a fragment behind its head."""
    return all(any(has_fragment(file) for file in parts_of(site, slug) - known) for slug, known in before.items())


def has_fragment(file):
    try:
        with open(file, "rb") as stream:
            return b"moof" in stream.read(65536)
    except OSError:
        return False
