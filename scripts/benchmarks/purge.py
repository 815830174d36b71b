"""Purge of a day of small files against `rm` and DELETE, while cameras record."""
import json
import os
import subprocess
import threading
import time

from .common import BIN, Void, farm, median, run, running, scratch, table, write_site

CAMERAS = 16  # that record meanwhile
BITRATE = "4M"
OLD_CAMERAS = 24  # whose day goes
MINUTES = 24 * 60
FILE_BYTES = 4096

FILL = """
SELECT ensure_partitions(date_trunc('day', now()) - interval '{age} days');
INSERT INTO cameras (id, installation_id, recorder_id, slug, name, is_enabled, retired_at)
SELECT gen_random_uuid(), r.installation_id, r.id, 'old-' || {age} || '-' || n, 'old', false, now()
FROM (SELECT * FROM recorders LIMIT 1) r, generate_series(1, {cameras}) n;
INSERT INTO streams (id, camera_id, kind) SELECT gen_random_uuid(), id, 'main' FROM cameras WHERE slug LIKE 'old-{age}-%';
INSERT INTO runs (id, stream_id, from_at)
SELECT gen_random_uuid(), s.id, date_trunc('day', now()) - interval '{age} days' FROM streams s JOIN cameras c ON c.id = s.camera_id
WHERE c.slug LIKE 'old-{age}-%';
INSERT INTO segments (id, stream_id, run_id, volume_id, format_id, from_at, to_at, bytes, sequence, samples, fragments, state, path, sha256)
SELECT n.id, r.stream_id, r.id, v.id, f.id, n.at, n.at + interval '1 minute', {bytes}, n.number, 1500, 60, 'finished',
       'live/' || to_char(n.at, 'YYYY-MM-DD') || '/' || c.slug || '/main/' || to_char(n.at, 'YYYYMMDD"T"HH24MISS"Z"') || '_' || n.id || '.mp4',
       sha256(n.id::text::bytea)
FROM cameras c JOIN streams s ON s.camera_id = c.id JOIN runs r ON r.stream_id = s.id,
     LATERAL (SELECT gen_random_uuid() AS id, number, r.from_at + number * interval '1 minute' AS at
              FROM generate_series(0, {minutes} - 1) number WHERE r.id IS NOT NULL) n,
     (SELECT id FROM volumes LIMIT 1) v, (SELECT id FROM formats LIMIT 1) f
WHERE c.slug LIKE 'old-{age}-%';
INSERT INTO segment_index (segment_id, from_at, data)
SELECT s.id, s.from_at, decode(repeat('ab', 2000), 'hex') FROM segments s JOIN streams t ON t.id = s.stream_id JOIN cameras c ON c.id = t.camera_id
WHERE c.slug LIKE 'old-{age}-%';
"""
PATHS = """SELECT s.path FROM segments s JOIN streams t ON t.id = s.stream_id JOIN cameras c ON c.id = t.camera_id
WHERE c.slug LIKE 'old-{age}-%'"""
DELETE = """
DELETE FROM segment_index WHERE from_at >= date_trunc('day', now()) - interval '{age} days' AND from_at < date_trunc('day', now()) - interval '{next} days';
DELETE FROM segments WHERE from_at >= date_trunc('day', now()) - interval '{age} days' AND from_at < date_trunc('day', now()) - interval '{next} days';
"""


def psql(site, sql):
    return run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", site.conninfo()], input="SET timezone = 'UTC';" + sql)


def fill(site, age, cameras, minutes):
    """A day of files and rows, on the disk when this returns."""
    psql(site, FILL.format(age=age, cameras=cameras, minutes=minutes, bytes=FILE_BYTES))
    paths = psql(site, PATHS.format(age=age)).split()
    if len(paths) != cameras * minutes:
        raise Void(f"{len(paths)} rows were made, not {cameras * minutes}")
    content = os.urandom(FILE_BYTES)
    for path in paths:
        file = site.volume / path
        if not file.parent.is_dir():
            file.parent.mkdir(parents=True)
        file.write_bytes(content)
    os.sync()
    return paths


class Stall(threading.Thread):
    """The recorder's longest write lag, as it says each second."""

    def __init__(self, site):
        super().__init__(daemon=True)  # a bench that is interrupted must end
        self.site, self.stop, self.longest_us = site, threading.Event(), 0

    def run(self):
        while not self.stop.wait(0.5):
            if status := self.site.status():
                self.longest_us = max(self.longest_us, status["write_lag_us"])


def purge_side(site, settings, age):
    paths = fill(site, age, *amount(settings))
    # What the recorder says covers the last minute: that of filling is over by then.
    time.sleep(5 if settings.smoke else 65)
    stall = Stall(site)
    stall.start()
    began = time.monotonic()
    out = subprocess.run([BIN / "sluice", "purge", "--config", site.config, "--confirm", "--confirm-clock", "--json", "--log-level", "warn"],
                         capture_output=True, text=True, check=False)
    took = time.monotonic() - began
    time.sleep(1.5)
    stall.stop.set()
    stall.join()
    if out.returncode != 0:
        raise Void(f"sluice purge: {out.stderr.strip()[-500:]}")
    report = json.loads(out.stdout)
    if report["run"]["destroyed_segments"] != len(paths) or any((site.volume / path).exists() for path in paths):
        raise Void("not everything that was due is gone")
    return took, stall.longest_us


def rm_side(site, settings, age):
    paths = fill(site, age, *amount(settings))
    day = site.volume / "live" / paths[0].split("/")[1]
    began = time.monotonic()
    run(["rm", "-r", day])
    psql(site, DELETE.format(age=age, next=age - 1))
    return time.monotonic() - began


def amount(settings):
    return (4, 60) if settings.smoke else (OLD_CAMERAS, MINUTES)


def purge(settings):
    cameras = 4 if settings.smoke else CAMERAS
    slugs = [f"cam-{number}" for number in range(1, cameras + 1)]
    with farm(cameras, BITRATE) as server, scratch() as folder:
        site = write_site(folder, list(zip(slugs, server.urls)))
        with running(site):
            time.sleep(3)
            ours, theirs, stalls = [], [], []
            for number in range(settings.pairs):
                took, stall = purge_side(site, settings, 60 + 4 * number)
                ours.append(took)
                stalls.append(stall / 1000)
                theirs.append(rm_side(site, settings, 62 + 4 * number))
    count = amount(settings)[0] * amount(settings)[1]
    result = table(f"{count} files of {FILE_BYTES} bytes, while {cameras} cameras of 4 Mbit/s record", "sluice purge", "rm and DELETE",
                   ours, theirs, "s", "<= 3.0")
    result["lines"].append("the recorder's longest write lag: " + " ".join(f"{stall:.0f}" for stall in stalls) +
                           f" ms, median {median(stalls):.0f} (bar: < 100)")
    result["stall_ms"] = stalls
    return result
