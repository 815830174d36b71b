"""Lists of a month and of a year: the API's answer against the same SQL through one open psql."""
import datetime
import itertools
import json
import random
import re
import subprocess
import time

from .common import ROOT, Void, median, percentile
from .lean_http import Http
from .loaded import YEAR, loaded_site, microseconds, utc


def statements():
    """The repository's own SQL, so that both sides run the same."""
    source = (ROOT / "storage/catalogue/coverage_repository.cpp").read_text()
    return [re.search(rf'{name} = R"\((.*?)\)"', source, re.S).group(1) for name in ("kPieces", "kGaps")]


class Psql:
    """One open session; each question is timed from its first byte written to its last read."""

    def __init__(self, conninfo):
        self.process = subprocess.Popen(["psql", "-XqAt", "-d", conninfo], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, bufsize=1 << 20)
        for number, sql in enumerate(statements()):
            self.ask(f"PREPARE s{number}(text, text, bigint, bigint) AS {sql}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def ask(self, *questions):
        self.process.stdin.write("".join(question + ("\n" if question.startswith("\\") else ";\n") for question in questions) + "\\echo end-of-answer\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line == "end-of-answer\n":
                return lines
            lines.append(line)
        raise Void("psql ended: " + "".join(lines[-3:]))

    def coverage(self, stream, begin, end):
        values = f"({'NULL' if stream is None else repr(stream)}, 'main', {microseconds(begin)}, {microseconds(end)})"
        return self.ask("BEGIN ISOLATION LEVEL REPEATABLE READ", f"EXECUTE s0{values}", "\\echo gaps", f"EXECUTE s1{values}", "COMMIT")


def timed(call):
    began = time.perf_counter()
    value = call()
    return (time.perf_counter() - began) * 1000, value


def stretches_of_api(answer):
    """(covered, gaps) of all cameras, as sorted (from, to) in microseconds."""
    def times(pieces):
        return sorted(tuple(microseconds(datetime.datetime.fromisoformat(piece[end])) for end in ("from", "to")) for piece in pieces)
    items = answer.get("items", [answer])
    return (times(piece for item in items for piece in item["covered"]), times(piece for item in items for piece in item["gaps"]))


TOLERANCE_US = 500_000  # pieces of a run so far apart are one stretch


def stretches_of_psql(lines, begin, end):
    """The same of the rows, after the clock has stopped: pieces of a run united, closed gaps taken out, all cut to the interval."""
    low, high = microseconds(begin), microseconds(end)
    border = lines.index("gaps\n")
    pieces, gaps = ([line.rstrip("\n").split("|") for line in part] for part in (lines[:border], lines[border + 1:]))
    holes = {}
    for _, stream, start, stop, *_ in sorted(gaps, key=lambda gap: int(gap[2])):
        if stop:
            holes.setdefault(stream, []).append((int(start), int(stop)))
    covered = []
    for (stream, _), run in itertools.groupby(sorted(pieces, key=lambda piece: (piece[0], piece[1], int(piece[2]))), key=lambda piece: piece[:2]):
        stretches = []
        for _, _, start, stop in run:
            if stretches and int(start) <= stretches[-1][1] + TOLERANCE_US:
                stretches[-1][1] = max(stretches[-1][1], int(stop))
            else:
                stretches.append([int(start), int(stop)])
        for start, stop in stretches:
            for hole in holes.get(stream, ()):
                if hole[1] > start and hole[0] < stop:
                    covered.append((start, hole[0]))
                    start = hole[1]
            covered.append((start, stop))
    inside = [sorted((max(start, low), min(stop, high)) for start, stop in ranges)
              for ranges in (covered, ((int(gap[2]), int(gap[3] or high)) for gap in gaps))]
    return tuple([piece for piece in ranges if piece[0] < piece[1]] for ranges in inside)


def lists(settings):
    with loaded_site(settings) as site:
        return compared(site, settings.smoke)


def year(settings):
    with loaded_site(settings, load=YEAR) as site:
        result = compared(site, settings.smoke)
        result["lines"].append(f"loaded in {site.load_seconds:.0f} s")
        return result


def compared(site, smoke):
    """Both sides answer the same questions in turn; void when they differ in a microsecond."""
    lines, figures = [], {}
    with Psql(site.conninfo()) as psql, Http(site.port, site.token) as api:
        streams = dict(row.strip().split("|") for row in psql.ask(
            "SELECT c.slug, s.id FROM cameras c JOIN streams s ON s.camera_id = c.id WHERE s.kind = 'main' AND c.retired_at IS NULL"))
        random.seed(20261123)
        for name, questions in questions_of(site, streams, smoke).items():
            ours, theirs = [], []
            for number, (path, stream, begin, end) in enumerate(questions):
                sides = [lambda path=path: api.get(path), lambda asked=(stream, begin, end): psql.coverage(*asked)]
                # Who comes first finds colder pages, so they take turns.
                answers = {side: timed(sides[side]) for side in ((0, 1) if number % 2 == 0 else (1, 0))}
                ours.append(answers[0][0])
                theirs.append(answers[1][0])
                told = stretches_of_api(json.loads(answers[0][1]))
                if not told[0] or told != stretches_of_psql(answers[1][1], begin, end):
                    raise Void(f"{path}: the API and psql do not say the same")
            ratio = median(ours) / median(theirs)
            lines.append(f"{name}: API median {median(ours):.2f} ms, p99 {percentile(ours, 0.99):.2f} ms; psql median {median(theirs):.2f} ms, "
                         f"p99 {percentile(theirs, 0.99):.2f} ms; ratio {ratio:.2f} over {len(ours)} questions (bar: <= 2)")
            figures[name] = {"api_ms": ours, "psql_ms": theirs, "ratio": ratio}
    lines.append(f"catalogue: {site.rows}" + ("" if smoke else f"; plans: build/bench/plans-{site.folder.name}.txt"))
    return {"lines": lines, "figures": figures, "bar": "<= 2"}


def questions_of(site, streams, smoke):
    """A random camera's day from a random second on, and timelines of all cameras."""
    timeline = f"timeline of {len(site.cameras)} cameras"
    month = min(site.days, 30)
    asked = {"camera-day": day_questions(site, streams, 20 if smoke else 1000),
             f"{month}-day {timeline}": timeline_questions(site, month, 3 if smoke else 100)}
    if site.days > month:
        asked[f"{site.days}-day {timeline}"] = timeline_questions(site, site.days, 20)
    return asked


def day_questions(site, streams, count):
    for _ in range(count):
        slug = random.choice(site.cameras)
        begin, end = random_days(site, 1)
        yield f"/v1/cameras/{slug}/coverage?from={utc(begin)}&to={utc(end)}", streams[slug], begin, end


def timeline_questions(site, days, count):
    for _ in range(count):
        begin, end = random_days(site, days)
        yield f"/v1/coverage?from={utc(begin)}&to={utc(end)}", None, begin, end


def random_days(site, days):
    begin = site.begin + datetime.timedelta(seconds=random.randrange((site.days - days) * 86400 + 1))
    return begin, begin + datetime.timedelta(days=days)
