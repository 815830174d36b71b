"""A site whose catalogue holds a month: every row has its index, every name is a hard link of one recorded minute."""
import contextlib
import datetime
import json
import shutil
import time

from .common import BIN, MADE, cpu_seconds, farm, run, running, scratch, wait_for, write_site

DAYS, CAMERAS = 30, 24
SEGMENT_SECONDS, SMOKE_SEGMENT_SECONDS = 60, 5
BITRATE = "4M"


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


def load(site, segment, days, cameras, with_plans):
    """Fills the catalogue and the volume of a running site; says how long that took, and keeps the plans."""
    began = time.monotonic()
    report = run([BIN / "load-catalogue", "--conninfo", site.conninfo(), "--days", days, "--cameras", cameras,
                  "--link-file", segment, "--volume", site.volume, *(["--plans"] if with_plans else [])])
    took = time.monotonic() - began
    print(f"   loaded {days} days of {cameras} cameras in {took:.0f} s: {report.splitlines()[0]}", flush=True)
    if with_plans:
        (MADE / "plans.txt").write_text(report)
    shutil.copyfile(segment, site.folder / "segment.mp4")
    end = datetime.datetime.now(datetime.timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    return {"days": days, "cameras": cameras, "end": utc(end), "load_seconds": round(took, 1), "rows": report.splitlines()[0]}


def settle(site):
    """The start's own work is over: adoption has compared yesterday's files with the catalogue."""
    def is_quiet():
        before = cpu_seconds(site.process.pid)
        time.sleep(1)
        return cpu_seconds(site.process.pid) - before < 0.05
    wait_for(is_quiet, 120, "quiet after the start")


@contextlib.contextmanager
def loaded_site(settings, cameras=None):
    """The site of this call, running; loaded when it is not yet. `cameras`: (slug, url) of what it shall record."""
    days, loaded = (1, 2) if settings.smoke else (DAYS, CAMERAS)
    folder = settings.folder / ("site-smoke" if settings.smoke else "site")
    facts_file = folder / "loaded.json"
    if folder.exists() and not facts_file.exists():
        shutil.rmtree(folder)  # a load that did not come to its end
    if not folder.exists():
        segment = recorded_segment(settings.smoke)
        folder.mkdir()
        folder.chmod(0o755)
        site = write_site(folder, [])
        with running(site, wait_recording=False):
            facts_file.write_text(json.dumps(load(site, segment, days, loaded, not settings.smoke)))
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
        yield site
