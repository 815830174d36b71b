"""How many requests the API answers, against the same library giving one constant answer."""
import json
import urllib.error

from .cases import log_in
from .common import BIN, Void, cpu_seconds, process, run, running, scratch, table, wait_for, write_site

TARGET = "/v1/cameras/hall"
CONNECTIONS = 64
THREADS = 2  # the default of api.threads


def load(port, seconds, line=""):
    """Requests a second over connections that stay open. Void: one answer that was another."""
    header = ["--header", line] if line else []
    told = json.loads(run([BIN / "http-load", "--port", port, "--target", TARGET, "--connections", CONNECTIONS,
                           "--seconds", seconds, *header]))
    if told["other"] or not told["requests"]:
        raise Void(f"{told['other']} of {told['requests']} answers were not what was asked for")
    return told["requests"] / told["seconds"], told["requests"]


def requests(settings):
    seconds = 1 if settings.smoke else 10
    with scratch() as folder:
        site = write_site(folder, [("hall", "rtsp://127.0.0.1:1/nobody")])
        with running(site, wait_recording=False):
            body = wait_for(lambda: answer_of(site), 60, "the camera in the catalogue")
            (folder / "body.json").write_bytes(body)
            log = folder / "constant.log"
            with process([BIN / "constant-server", "--body", folder / "body.json", "--threads", THREADS], log) as constant:
                port = int(wait_for(lambda: ready_port(log), 20, "the constant server's readiness"))
                who = log_in(site)  # as in use: accounts exist, and a person asks
                load(site.port, 1, who)  # connections of the pool, statements, page cache
                ours, theirs, costs = [], [], []
                for _ in range(settings.pairs):
                    before = cpu_seconds(site.process.pid), cpu_seconds(constant.pid)
                    rate, count = load(site.port, seconds, who)
                    ours.append(rate)
                    costs.append((cpu_seconds(site.process.pid) - before[0]) / count * 1e6)
                    theirs.append(load(port, seconds)[0])
    result = table(f"GET {TARGET} with session and database, {CONNECTIONS} connections, beside one client on the same cores",
                   "sluice", "constant", ours, theirs, "requests/s", "≥ 0.3")
    result["lines"].append("CPU of all Sluice processes: " + " ".join(f"{cost:.0f}" for cost in costs) + " µs a request")
    result["cpu_us"] = costs
    return result


def answer_of(site):
    try:
        return site.get(TARGET)
    except urllib.error.HTTPError:
        return None  # the recorder has not told of its camera yet


def ready_port(log):
    return next((line.split()[1] for line in log.read_text().splitlines() if line.startswith("ready ")), None)
