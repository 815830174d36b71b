"""Sites whose catalogue is full: a month with files and indexes (every name a hard link of one minute), a year of rows."""
import contextlib
import dataclasses
import datetime
import json
import shutil
import time

from .common import BIN, MADE, cpu_seconds, farm, run, running, scratch, wait_for, write_site

SEGMENT_SECONDS, SMOKE_SEGMENT_SECONDS = 60, 5
BITRATE = "4M"


@dataclasses.dataclass(frozen=True)
class Load:
    """What a site is filled with."""
    name: str
    days: int
    cameras: int
    has_files: bool  # and indexes; without them a year fits on a small disk

    def smaller(self):
        return Load(f"{self.name}-smoke", 1 if self.has_files else 3, 2, self.has_files)


MONTH = Load("month", 30, 24, True)
YEAR = Load("year", 365, 40, False)


def utc(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def microseconds(moment):
    return round(moment.timestamp() * 1_000_000)


def recorded_segment(smoke):
    """A whole minute (smoke: five seconds) of 4 Mbit/s as the recorder writes it, made once."""
    seconds = SMOKE_SEGMENT_SECONDS if smoke else SEGMENT_SECONDS
    file = MADE / f"segment-{seconds}s.mp4"
    if file.exists():
        return file
    with farm(1, BITRATE) as server, scratch() as folder:
        site = write_site(folder, [("cam-1", server.urls[0])], segment=f"{seconds}s")
        with running(site):
            # The first and the last file of a recording are shorter than the rest.
            found = wait_for(lambda: sorted(site.volume.glob("live/*/cam-1/main/*.mp4"))[1:2], 4 * seconds, "a whole segment")
            shutil.copyfile(found[0], file.with_suffix(".part"))
    file.with_suffix(".part").rename(file)
    return file


def fill(site, wanted, segment, with_plans):
    """Fills the catalogue (and the volume) of a running site; says how long that took, and keeps the plans."""
    end = datetime.datetime.now(datetime.timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    days = ["--conninfo", site.conninfo(), "--days", wanted.days, "--end", utc(end)]
    if not wanted.has_files:
        days.append("--no-index")
    files = ["--link-file", segment, "--volume", site.volume] if wanted.has_files else []
    began = time.monotonic()
    report = run([BIN / "load-catalogue", *days, "--cameras", wanted.cameras, *files])
    took = time.monotonic() - began
    print(f"   loaded {wanted.days} days of {wanted.cameras} cameras in {took:.0f} s: {report.splitlines()[0]}", flush=True)
    if with_plans:
        (MADE / f"plans-{wanted.name}.txt").write_text(run([BIN / "load-catalogue", *days, "--plans-only"]))
    if segment:
        shutil.copyfile(segment, site.folder / "segment.mp4")
    return {"days": wanted.days, "cameras": wanted.cameras, "end": utc(end), "load_seconds": round(took, 1), "rows": report.splitlines()[0]}


def settle(site):
    """The start's own work is over: adoption has compared yesterday's files with the catalogue."""
    def is_quiet():
        before = cpu_seconds(site.process.pid)
        time.sleep(1)
        return cpu_seconds(site.process.pid) - before < 0.05
    wait_for(is_quiet, 120, "quiet after the start")


@contextlib.contextmanager
def loaded_site(settings, cameras=None, load=MONTH):
    """The site of this call, running; loaded when it is not yet. `cameras`: (slug, url) of what it shall record."""
    wanted = load.smaller() if settings.smoke else load
    folder = settings.folder / wanted.name
    facts_file = folder / "loaded.json"
    if folder.exists() and not facts_file.exists():
        shutil.rmtree(folder)  # a load that did not come to its end
    if not folder.exists():
        segment = recorded_segment(settings.smoke) if wanted.has_files else None
        folder.mkdir()
        folder.chmod(0o755)
        site = write_site(folder, [])
        with running(site, wait_recording=False):
            facts_file.write_text(json.dumps(fill(site, wanted, segment, not settings.smoke)))
    facts = json.loads(facts_file.read_text())
    site = write_site(folder, cameras or [])
    with running(site, wait_recording=bool(cameras)):
        if not cameras:
            settle(site)
        site.days = facts["days"]
        site.cameras = [f"load-{number:02}" for number in range(1, facts["cameras"] + 1)]
        site.end = datetime.datetime.fromisoformat(facts["end"].replace("Z", "+00:00"))
        site.begin = site.end - datetime.timedelta(days=site.days)
        site.segment_length = datetime.timedelta(seconds=SMOKE_SEGMENT_SECONDS if settings.smoke else SEGMENT_SECONDS)
        site.segment = folder / "segment.mp4"
        site.rows = facts["rows"]
        site.load_seconds = facts["load_seconds"]
        yield site
