"""Lists: the API's answer against the same SQL through one open psql."""
import contextlib
import datetime
import http.client
import json
import random
import re
import subprocess
import time

from .common import BIN, ROOT, Void, median, percentile, run, running, scratch, write_site

DAYS, CAMERAS = 30, 24


def utc(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def microseconds(moment):
    return int(moment.timestamp()) * 1_000_000


@contextlib.contextmanager
def loaded_site(smoke, volume=False):
    """A site without cameras of its own whose catalogue holds 30 days of 24 cameras (smoke: one day of two)."""
    from .clips import real_segment
    days, cameras = (1, 2) if smoke else (DAYS, CAMERAS)
    with scratch() as folder:
        segment = real_segment(smoke) if volume else None
        site = write_site(folder, [])
        with running(site, wait_recording=False):
            began = time.monotonic()
            links = ["--link-file", segment, "--volume", site.volume] if volume else []
            report = run([BIN / "load-catalogue", "--conninfo", site.conninfo(), "--days", days, "--cameras", cameras, "--plans", *links])
            print(f"   loaded {days} days of {cameras} cameras in {time.monotonic() - began:.0f} s", flush=True)
            (ROOT / "build/bench").mkdir(parents=True, exist_ok=True)
            (ROOT / "build/bench/plans.txt").write_text(report)
            site.days, site.cameras = days, [f"load-{number:02}" for number in range(1, cameras + 1)]
            site.end = datetime.datetime.now(datetime.timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
            site.begin = site.end - datetime.timedelta(days=days)
            yield site


def statements():
    """The repository's own SQL, so that both sides run the same."""
    source = (ROOT / "storage/catalogue/coverage_repository.cpp").read_text()
    return [re.search(rf'{name} = R"\((.*?)\)"', source, re.S).group(1) for name in ("kCovered", "kGaps")]


class Psql:
    """One open session; each question is timed from its first byte written to its last read."""

    def __init__(self, conninfo):
        self.process = subprocess.Popen(["psql", "-XqAt", "-d", conninfo], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, bufsize=1 << 20)
        for number, sql in enumerate(statements()):
            self.ask(f"PREPARE s{number}(text, text, bigint, bigint) AS {sql}")

    def ask(self, *questions):
        self.process.stdin.write("".join(question + ";\n" for question in questions) + "\\echo end-of-answer\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line == "end-of-answer\n":
                return lines
            lines.append(line)
        raise Void("psql ended: " + "".join(lines[-3:]))

    def coverage(self, stream, begin, end):
        values = f"({'NULL' if stream is None else repr(stream)}, 'main', {microseconds(begin)}, {microseconds(end)})"
        return self.ask("BEGIN ISOLATION LEVEL REPEATABLE READ", f"EXECUTE s0{values}", f"EXECUTE s1{values}", "COMMIT")


class Http:
    """One keep-alive connection."""

    def __init__(self, site):
        self.connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
        self.headers = {"Authorization": f"Bearer {site.token}"}

    def get(self, path):
        self.connection.request("GET", path, headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise Void(f"{path}: {answer.status} {body[:200]!r}")
        return body


def timed(call):
    began = time.perf_counter()
    value = call()
    return (time.perf_counter() - began) * 1000, value


def lists(settings):
    lines, figures = [], {}
    with loaded_site(settings.smoke) as site:
        psql, api = Psql(site.conninfo()), Http(site)
        streams = dict(row.strip().split("|") for row in psql.ask(
            "SELECT c.slug, s.id FROM cameras c JOIN streams s ON s.camera_id = c.id WHERE s.kind = 'main'"))
        random.seed(20261123)
        for name, count, asks in (("camera-day", 20 if settings.smoke else 1000, day_questions),
                                  (f"{site.days}-day timeline of {len(site.cameras)} cameras", 3 if settings.smoke else 25, timeline_questions)):
            ours, theirs = [], []
            for path, stream, begin, end in asks(site, streams, count):
                took, body = timed(lambda path=path: api.get(path))
                ours.append(took)
                answer = json.loads(body)
                if not answer.get("covered") and not answer.get("items"):
                    raise Void(f"{path}: no coverage in the answer")
                took, rows = timed(lambda stream=stream, begin=begin, end=end: psql.coverage(stream, begin, end))
                theirs.append(took)
                if not rows:
                    raise Void("psql found nothing")
            ratio = median(ours) / median(theirs)
            lines.append(f"{name}: API median {median(ours):.2f} ms, p99 {percentile(ours, 0.99):.2f} ms; psql median {median(theirs):.2f} ms, "
                         f"p99 {percentile(theirs, 0.99):.2f} ms; ratio {ratio:.2f} over {len(ours)} questions (bar: <= 2)")
            figures[name] = {"api_ms": ours, "psql_ms": theirs, "ratio": ratio}
    lines.append("plans: build/bench/plans.txt")
    return {"lines": lines, "figures": figures, "bar": "<= 2"}


def day_questions(site, streams, count):
    for _ in range(count):
        slug = random.choice(site.cameras)
        begin = site.begin + datetime.timedelta(days=random.randrange(site.days))
        end = begin + datetime.timedelta(days=1)
        yield f"/v1/cameras/{slug}/coverage?from={utc(begin)}&to={utc(end)}", streams[slug], begin, end


def timeline_questions(site, streams, count):
    for _ in range(count):
        yield f"/v1/coverage?from={utc(site.begin)}&to={utc(site.end)}", None, site.begin, site.end
