"""Events at the doors: how fast they come in, and how fast a day of a door is found in a year of them."""
import json
import random
import threading
import time

from .common import Void, median, percentile, run, running, scratch, wait_for, write_site
from .lean_http import Http

SENDERS, BATCH = 2, 1000
SINGLES, DAYS = 1000, 1000
YEAR = 2_000_000
DOORS = [f"door-{number}" for number in range(1, 13)]
CODES = ["access.granted", "door.opened", "door.closed", "access.denied.unknown_credential"]

# As the superuser: what is measured is reading. Two million events over the year before today, twelve doors in turn.
FILL = """
SELECT make_access_partition(month::date) FROM generate_series(date_trunc('month', now() - interval '366 days'), now(), interval '1 month') month;
INSERT INTO access_events (id, at, batch_id, source, event_id, code, device_time, received_at, door, direction, data)
SELECT gen_random_uuid(), m.at, gen_random_uuid(), 'urn:year', 'year-' || n, ({codes})[1 + n % 4], m.at, m.at, 'door-' || 1 + n % 12, 'unknown', '{{}}'
FROM generate_series(1, {events}) n, LATERAL (SELECT now() - interval '1 day' - n * (interval '364 days' / {events}) AS at) m;
ANALYZE access_events;
"""


def event(number, at):
    return {"specversion": "1.0", "id": f"e{number}", "source": "urn:bench", "type": CODES[number % len(CODES)],
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)), "data": {"door": DOORS[number % len(DOORS)], "card_number": f"{number % 500:010}"}}


class Sender(threading.Thread):
    """Sends its batches one after the other over one connection, and looks at each answer."""

    def __init__(self, site, bodies):
        super().__init__(daemon=True)  # a bench that is interrupted must end
        self.site, self.bodies, self.failure = site, bodies, None

    def run(self):
        try:
            with Http(self.site.port, self.site.token) as client:
                for body in self.bodies:
                    answer = json.loads(client.post("/v1/access/events", "application/cloudevents-batch+json", body))
                    if answer["accepted"] != BATCH or answer["refused"]:
                        raise Void(f"{answer['accepted']} of {BATCH} events were accepted")
        except Exception as why:  # pylint: disable=broad-except  # told by whoever waits for the thread
            self.failure = why


def come_in(site, batches, first):
    """Events a second of `batches` batches from each sender."""
    now = time.time()
    senders = []
    for sender in range(SENDERS):
        numbers = range(first + sender * batches * BATCH, first + (sender + 1) * batches * BATCH)
        events = [event(number, now - 3600 + (number - first) * 0.01) for number in numbers]
        senders.append(Sender(site, [json.dumps(events[at:at + BATCH]).encode() for at in range(0, len(events), BATCH)]))
    began = time.perf_counter()
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
        if sender.failure:
            raise sender.failure
    return SENDERS * batches * BATCH / (time.perf_counter() - began)


def one_by_one(site, count, first):
    took = []
    with Http(site.port, site.token) as client:
        for number in range(first, first + count):
            body = json.dumps(event(number, time.time())).encode()
            began = time.perf_counter()
            answer = client.post("/v1/access/events", "application/cloudevents+json", body)
            took.append((time.perf_counter() - began) * 1000)
            if json.loads(answer)["accepted"] != 1:
                raise Void(answer[:200])
    return took


def days_of_doors(site, count):
    """Days of doors somewhere in the year, as many events of each as a page has."""
    random_source = random.Random(7)
    took, found = [], 0
    with Http(site.port, site.token) as client:
        for _ in range(count):
            begin = time.time() - random_source.uniform(3, 360) * 86400
            span = "&".join(f"{name}=" + time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)) for name, at in (("from", begin), ("to", begin + 86400)))
            began = time.perf_counter()
            answer = client.get(f"/v1/access/events?door={random_source.choice(DOORS)}&{span}&limit=100")
            took.append((time.perf_counter() - began) * 1000)
            found += len(json.loads(answer)["items"])
    if found == 0:
        raise Void("no day had an event")
    return took


def events(settings):
    batches, singles, days, year = (2, 20, 20, 20_000) if settings.smoke else (25, SINGLES, DAYS, YEAR)
    codes = "ARRAY[" + ", ".join(f"'{code}'" for code in CODES) + "]"
    rates = []
    with scratch() as folder:
        site = write_site(folder, [("hall", "rtsp://127.0.0.1:1/nobody")])
        with running(site, wait_recording=False):
            wait_for(lambda: json.loads(site.get("/v1/cameras"))["items"], 60, "the camera in the catalogue")
            for number in range(1 if settings.smoke else settings.pairs):
                rates.append(come_in(site, batches, 1 + number * SENDERS * batches * BATCH))
            single = one_by_one(site, singles, 1_000_000_000)
            run(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", site.conninfo()], input=FILL.format(events=year, codes=codes))
            day = days_of_doors(site, days)
    lines = [f"events a second, {SENDERS} connections, {BATCH} a batch, {SENDERS * batches * BATCH} a run: " + " ".join(f"{rate:.0f}" for rate in rates) +
             f", median {median(rates):.0f} (bar: >= 5000)",
             f"one event a request, {len(single)} times: median {median(single):.2f} ms, p99 {percentile(single, 0.99):.2f} ms (bar: p99 < 20 ms)",
             f"a day of a door among {year} events of a year, {len(day)} times: median {median(day):.2f} ms, p99 {percentile(day, 0.99):.2f} ms (bar: p99 < 20 ms)"]
    return {"lines": lines, "unit": "events/s", "rates": rates, "single_ms": single, "day_ms": day}
