"""How long footage is at the mercy of the power: from a fragment's last packet to its bytes durable, and to its time in the API's answer."""
import bisect
import datetime
import json
import threading
import time

from .common import BIN, Void, farm, percentile, running, scratch, write_site
from .lean_http import Http
from .loaded import microseconds, utc

DURABILITY_WINDOW = 5.0  # the default, which is what runs here
BAR = DURABILITY_WINDOW + 0.5
PICTURE_US = 40_000
AT_LEAST = 1000


class Watcher(threading.Thread):
    """Asks the API for the coverage of all cameras, again and again, and notes how far each one's was known, and when that was read."""

    def __init__(self, site, pause):
        super().__init__()
        self.site, self.pause = site, pause
        self.began = datetime.datetime.now(datetime.timezone.utc)
        self.known = {}  # camera: ([time of the answer], [end of what is covered]), both in microseconds and growing
        self.failed, self.is_over, self.answers = None, threading.Event(), 0

    def run(self):
        try:
            with Http(self.site.port, self.site.token) as api:
                while not self.is_over.is_set():
                    path = f"/v1/coverage?from={utc(self.began - datetime.timedelta(minutes=5))}&to={utc(self.began + datetime.timedelta(hours=1))}"
                    self.note(json.loads(api.get(path)), time.time_ns() // 1000)
                    self.is_over.wait(self.pause)
        except (OSError, ValueError, Void) as why:
            self.failed = why

    def note(self, answer, now):
        self.answers += 1
        for item in answer["items"]:
            if not item["covered"]:
                continue
            end = microseconds(datetime.datetime.fromisoformat(item["covered"][-1]["to"]))
            times, ends = self.known.setdefault(item["camera"], ([], []))
            if not ends or end > ends[-1]:
                times.append(now)
                ends.append(end)


def latencies(fragments, syncs, known, until_us):
    """(durable, told) in seconds of each fragment that was sent before `until_us`; one that never was durable or told is void."""
    durable, told = [], []
    for fragment in fragments:
        sent = fragment["last_sent_us"]
        if sent > until_us:
            continue
        # The first sync that began when the file was so long, by its return.
        came_back = [end for size, end in syncs.get(fragment["inode"], ()) if size >= fragment["end_byte"]]
        times, ends = known[fragment["camera"]]
        place = bisect.bisect_left(ends, fragment["end_us"] - PICTURE_US)
        if not came_back or place == len(ends):
            raise Void(f"a fragment of {fragment['camera']} was never {'told' if came_back else 'synced'}")
        durable.append((min(came_back) - sent) / 1e6)
        told.append((times[place] - sent) / 1e6)
    return durable, told


def read_syncs(log):
    syncs = {}
    for line in log.read_text().splitlines():
        inode, size, _, end = map(int, line.split())
        syncs.setdefault(inode, []).append((size, end))
    return syncs


def measured(count, bitrate, seconds):
    with farm(count, bitrate) as server, scratch() as folder:
        site = write_site(folder, server.cameras)
        log = folder / "syncs.log"
        log.touch()
        log.chmod(0o666)
        with running(site, environment={"LD_PRELOAD": str(BIN / "sync-log.so"), "SLUICE_SYNC_LOG": str(log)}):
            watcher = Watcher(site, 0.1)
            watcher.start()
            time.sleep(seconds)
            # Fragments that have had the bar's time and more; later ones would be counted only if they were quick.
            until = time.time() - BAR - 2
            time.sleep(0.5)
            watcher.is_over.set()
            watcher.join()
        if watcher.failed:
            raise Void(f"the API: {watcher.failed}")
        verdict = server.judged(site.volume, time.time() - 5, "--fragments")
        durable, told = latencies(verdict["fragments"], read_syncs(log), watcher.known, until * 1e6)
    return {"cameras": count, "bitrate": bitrate, "durable_s": durable, "told_s": told, "answers": watcher.answers, "pictures": verdict["pictures"]}


def latency(settings):
    lines, rows = [], []
    # A first row comes up to six seconds after a camera's first packet, and the last seconds do not count.
    seconds = 12 if settings.smoke else max(settings.seconds, 75)
    for count, bitrate in ((3, "250k"),) if settings.smoke else ((16, "1M"), (256, "250k")):
        row = measured(count, bitrate, seconds)
        if len(row["durable_s"]) < AT_LEAST and not settings.smoke:
            raise Void(f"only {len(row['durable_s'])} fragments")
        rows.append(row)
        lines.append(f"{count} cameras of {bitrate}bit/s, {len(row['durable_s'])} fragments, {row['pictures']} pictures compared: " +
                     "; ".join(f"{what} after {percentile(row[key], 0.5):.2f} s (median), p99 {percentile(row[key], 0.99):.2f} s, longest {max(row[key]):.2f} s"
                               for what, key in (("durable", "durable_s"), ("told by the API", "told_s"))) +
                     f" (bar: p99 <= {BAR} s); {row['answers']} answers read")
    return {"lines": lines, "rows": rows, "bar": f"p99 <= {BAR} s"}
