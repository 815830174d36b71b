"""Lists: the API's answer against the same SQL through one open psql."""
import datetime
import json
import random
import re
import subprocess
import time

from .common import ROOT, Void, median, percentile
from .lean_http import Http
from .loaded import loaded_site, microseconds, utc


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


def stretches_of_psql(lines, begin, end):
    low, high = microseconds(begin), microseconds(end)
    border = lines.index("gaps\n")
    rows = [[line.split("|") for line in part] for part in (lines[:border], lines[border + 1:])]
    return tuple(sorted((max(int(row[2]), low), min(int(row[3]), high)) for row in part) for part in rows)


def lists(settings):
    lines, figures = [], {}
    with loaded_site(settings) as site, Psql(site.conninfo()) as psql, Http(site.port, site.token) as api:
        streams = dict(row.strip().split("|") for row in psql.ask(
            "SELECT c.slug, s.id FROM cameras c JOIN streams s ON s.camera_id = c.id WHERE s.kind = 'main' AND c.retired_at IS NULL"))
        random.seed(20261123)
        for name, count, asks in (("camera-day", 20 if settings.smoke else 1000, day_questions),
                                  (f"{site.days}-day timeline of {len(site.cameras)} cameras", 3 if settings.smoke else 100, timeline_questions)):
            ours, theirs = [], []
            for number, (path, stream, begin, end) in enumerate(asks(site, streams, count)):
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
    lines.append(f"catalogue: {site.rows}" + ("" if settings.smoke else "; plans: build/bench/plans.txt"))
    return {"lines": lines, "figures": figures, "bar": "<= 2"}


def day_questions(site, streams, count):
    for _ in range(count):
        slug = random.choice(site.cameras)
        begin = site.begin + datetime.timedelta(seconds=random.randrange((site.days - 1) * 86400 + 1))
        end = begin + datetime.timedelta(days=1)
        yield f"/v1/cameras/{slug}/coverage?from={utc(begin)}&to={utc(end)}", streams[slug], begin, end


def timeline_questions(site, streams, count):
    for _ in range(count):
        yield f"/v1/coverage?from={utc(site.begin)}&to={utc(site.end)}", None, site.begin, site.end
