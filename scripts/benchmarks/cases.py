"""Lists of requests and of the register when ten thousand cases are kept."""
import json
import random
import subprocess
import time
import urllib.parse
import urllib.request

from .common import BIN, Void, median, percentile, run, running, scratch, wait_for, write_site
from .lean_http import Http

CASES, SMOKE_CASES = 10_000, 300
CAMERAS = ["hall", "parking", "gate", "yard"]
UNITS = ["工程科", "養護科", "民眾", "政風室"]
STATES = ["accepted", "screening", "countersigning", "deciding", "refused", "completed", "closed", "withdrawn"]
CHANNELS = ["internal", "external", "judicial"]
KEEPER, PASSWORD = "登記書記", "ten thousand cases 1"

# As the superuser and without triggers: what is measured is reading. A case has a dossier and two lines of the register.
FILL = """
SET session_replication_role = replica;
CREATE TEMP TABLE made AS
SELECT n, gen_random_uuid() AS id, now() - n * interval '50 minutes' AS at, '115/' || to_char(n, 'FM000009') AS dossier
FROM generate_series(1, {cases}) n;
INSERT INTO dossiers (number, year, serial, request_id, opened_at) SELECT dossier, 115, n, id, at FROM made;
INSERT INTO requests (id, channel, kind, state, state_since, applicant, unit, cameras, from_at, to_at, form, entered_by, enterer, created_at,
                      submitted_at, handler_id, handler, accepted_at, policy_version, dossier_number, decision, decided_at)
SELECT m.id, ({channels})[1 + n % 3], (ARRAY['view', 'copy'])[1 + n % 2], ({states})[1 + n % {state_count}], at, '申請人 ' || n,
       ({units})[1 + n % 4], ARRAY[c.ids[1 + n % cardinality(c.ids)]], date_trunc('minute', at - interval '3 days'),
       date_trunc('minute', at - interval '3 days') + interval '10 minutes', '{{"reason": "車輛遭擦撞"}}', p.id, p.name, at, at, p.id, p.name, at,
       (SELECT max(number) FROM policy_versions), dossier, '{{"reasons": "合於規定"}}', at
FROM made m, (SELECT array_agg(id ORDER BY slug) AS ids FROM cameras) c, (SELECT id, name FROM principals WHERE name = '{keeper}') p;
INSERT INTO register_entries (line, dossier_number, kind, facts, principal, at)
SELECT 2 * n - 1, dossier, 'opened', jsonb_build_object('applicant', '申請人 ' || n, 'unit', '工程科', 'reason', '車輛遭擦撞'), '{keeper}', at FROM made
UNION ALL SELECT 2 * n, dossier, 'completed', '{{"reasons": "合於規定"}}', '{keeper}', at + interval '1 hour' FROM made;
UPDATE register_counter SET last = 2 * {cases};
ANALYZE requests, dossiers, register_entries;
"""


def literal(words):
    return "ARRAY[" + ", ".join(f"'{word}'" for word in words) + "]"


def fill(site, cases):
    sql = FILL.format(cases=cases, channels=literal(CHANNELS), states=literal(STATES), state_count=len(STATES), units=literal(UNITS),
                      keeper=KEEPER)
    run(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", site.conninfo()], input=sql)


def log_in(site):
    """The keeper's cookie: who reads requests is a person."""
    made = run([BIN / "sluice", "account", "create", "--config", site.config, "--name", KEEPER, "--role", "secretariat", "--unit", "秘書室",
                "--document", "保密字第 1 號", "--date", "2026-01-02"])
    body = {"name": KEEPER, "password": made.strip().splitlines()[-1].strip(), "new_password": PASSWORD}
    request = urllib.request.Request(f"http://127.0.0.1:{site.port}/v1/sessions", data=json.dumps(body).encode(),
                                     headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return "Cookie: " + answer.headers["Set-Cookie"].split(";")[0]


def paths(random_source, cases):
    """What people look for, each time something else."""
    quoted = urllib.parse.quote
    filters = [f"state={random_source.choice(STATES)}", f"channel={random_source.choice(CHANNELS)}",
               f"unit={quoted(random_source.choice(UNITS))}", f"camera={random_source.choice(CAMERAS)}"]
    chosen = random_source.sample(filters, random_source.randint(0, 3))
    begin = time.time() - random_source.uniform(1, cases * 50 * 60 / 86400) * 86400
    def moment(seconds):
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
    return {
        "requests": "/v1/requests?" + "&".join([*chosen, "limit=50"]),
        "register": f"/v1/register?from={moment(begin)}&to={moment(begin + 30 * 86400)}&limit=100",
    }


def walk(client, cases):
    """Every case is listed once, page after page. Void: one is missing or doubled."""
    seen, cursor, took = [], "", []
    while True:
        began = time.perf_counter()
        page = json.loads(client.get(f"/v1/requests?limit=200{cursor}"))
        took.append((time.perf_counter() - began) * 1000)
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = "&cursor=" + urllib.parse.quote(page["next"])
    if len(seen) != cases or len(set(seen)) != cases:
        raise Void(f"{len(set(seen))} of {cases} cases were listed")
    return took


def listed(settings):
    cases, samples = (SMOKE_CASES, 20) if settings.smoke else (CASES, 1000)
    random_source = random.Random(6)
    took = {"requests": [], "register": []}
    with scratch() as folder:
        site = write_site(folder, [(slug, f"rtsp://127.0.0.1:1/{slug}") for slug in CAMERAS])
        with running(site, wait_recording=False):
            wait_for(lambda: len(json.loads(site.get("/v1/cameras"))["items"]) == len(CAMERAS), 60, "the cameras in the catalogue")
            cookie = log_in(site)
            try:
                fill(site, cases)
            except subprocess.CalledProcessError as why:
                raise Void(f"the cases could not be made: {why.stderr}") from why
            with Http(site.port, header=cookie) as client:
                pages = walk(client, cases)
                for _ in range(samples):
                    for name, path in paths(random_source, cases).items():
                        began = time.perf_counter()
                        answer = client.get(path)
                        took[name].append((time.perf_counter() - began) * 1000)
                        if b'"items"' not in answer:
                            raise Void(f"{path}: {answer[:200]!r}")
    lines = [f"{cases} cases, {len(pages)} pages of 200 from the first to the last: median {median(pages):.2f} ms, longest {max(pages):.2f} ms"]
    for name, values in took.items():
        lines.append(f"/v1/{name}, {len(values)} times with other filters: median {median(values):.2f} ms, p99 {percentile(values, 0.99):.2f} ms "
                     f"(bar: p99 < 20 ms)")
    return {"lines": lines, "unit": "ms", "pages": pages, **took}
