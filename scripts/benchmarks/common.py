"""What every benchmark needs: processes with their CPU and memory from the kernel, a site to record, medians."""
import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("SLUICE_BENCH_BIN", ROOT / "build/release/bin")).resolve()
TICKS = os.sysconf("SC_CLK_TCK")
MADE = ROOT / "build/bench"  # what is made once and used again: encoded pictures, a recorded segment


class Void(Exception):
    """The run proves nothing: what was compared was not the same work."""


@dataclasses.dataclass
class Settings:
    smoke: bool
    pairs: int
    seconds: int
    folder: pathlib.Path  # of the loaded site, which the benchmarks of one call share


def median(values):
    return statistics.median(values)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def scratch():
    """A folder that the service users can reach, gone afterwards, also after SIGTERM (scripts/bench makes it an exit)."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-bench-", dir=os.environ.get("SLUICE_BENCH_FOLDER", "/var/tmp")))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def process(command, log, limit=20, **options):
    """Runs a program in its own session and ends it with SIGTERM; kills only what it started."""
    with open(log, "ab") as stream:
        child = subprocess.Popen([str(word) for word in command], stdout=stream, stderr=stream, stdin=subprocess.DEVNULL,
                                 start_new_session=True, **options)
    try:
        yield child
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(limit)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def descendants(pid):
    """The process and all below it."""
    parents = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        with contextlib.suppress(OSError):
            with open(f"/proc/{entry}/stat") as stat:
                parents[int(entry)] = int(stat.read().rsplit(")", 1)[1].split()[1])
    found = [pid]
    for candidate in found:
        found.extend(child for child, parent in parents.items() if parent == candidate)
    return found


def cpu_seconds(pid, alone=False):
    """User and system time of a tree (`alone`: of one process), those already reaped in it included."""
    ticks = 0
    for member in [pid] if alone else descendants(pid):
        with contextlib.suppress(OSError):
            with open(f"/proc/{member}/stat") as stat:
                fields = stat.read().rsplit(")", 1)[1].split()
            ticks += sum(int(field) for field in fields[11:15])
    return ticks / TICKS


def pss_bytes(pid):
    with contextlib.suppress(OSError):
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def name_of(pid):
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def wait_for(condition, limit, what):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise Void(f"{what} did not happen within {limit} s")


@dataclasses.dataclass
class Site:
    """A running `sluice up` on a configuration of its own."""
    folder: pathlib.Path
    data: pathlib.Path
    volume: pathlib.Path
    config: pathlib.Path
    port: int
    process: subprocess.Popen = None
    token: str = ""

    @property
    def log(self):
        return self.folder / "up.log"

    def status(self):
        with contextlib.suppress(OSError, ValueError):
            return json.loads((self.data / "run/recorder-status.json").read_text())
        return None

    def get(self, path, headers=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}",
                                         headers={"Authorization": f"Bearer {self.token}", **(headers or {})})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def answers(self):
        """API and database are both there; at a second start the token is there before them."""
        with contextlib.suppress(OSError):
            return bool(self.get("/v1/cameras"))
        return False

    def conninfo(self):
        return f"host={self.data}/database/socket dbname=sluice user=sluice_super"


def write_site(folder, cameras, segment="60s"):
    """cameras: list of (slug, url)."""
    port = free_port()
    site = Site(folder, folder / "data", folder / "volume", folder / "sluice.toml", port)
    text = f'data = "{site.data}"\n[api]\nlisten = "127.0.0.1:{port}"\n[storage]\nvolumes = ["{site.volume}"]\nsegment = "{segment}"\n'
    for slug, url in cameras:
        text += (f'[[recorders]]\nslug = "{slug}"\n[[recorders.cameras]]\nslug = "{slug}"\nname = "攝影機 {slug}"\n'
                 f'url = "{url}"\n')
    site.config.write_text(text)
    site.volume.mkdir(exist_ok=True)
    return site


@contextlib.contextmanager
def running(site, wait_recording=True, environment=None):
    """`sluice up` from its start to its clean end."""
    with process([BIN / "sluice", "up", "--config", site.config], site.log, env={**os.environ, **(environment or {})}) as child:
        site.process = child
        token = site.data / "tokens/operator.token"
        wait_for(token.exists, 90, "the operator's token")
        site.token = token.read_text().strip()
        wait_for(site.answers, 90, "an answer of API and database")
        if wait_recording:
            def all_record():
                status = site.status()
                return status and status["streams"] and all(s["state"] == "recording" for s in status["streams"])
            wait_for(all_record, 90, "recording of every camera")
        yield site


class Farm:
    """rtsp-farm with N cameras that replay one file; counts what it has sent."""

    def __init__(self, folder, count):
        self.folder = folder
        self.names = [f"cam-{number}" for number in range(1, count + 1)]  # and the slugs of those who record them
        self.base, self.pid = "", 0

    @property
    def urls(self):
        return [f"{self.base}/{name}" for name in self.names]

    @property
    def cameras(self):
        """For write_site."""
        return list(zip(self.names, self.urls))

    def judged(self, volume, until, *options):
        """What footage-judge says. Void unless each picture that a camera sent from its first key picture on until the wall
        time `until` is on the volume, once, in order and with its bytes, out of one session, in sound files."""
        verdict = json.loads(run([BIN / "footage-judge", "--log", self.folder, "--volume", volume, "--until-us", int(until * 1e6),
                                  *options, *self.names]))
        if verdict["problems"]:
            raise Void(f"{len(verdict['problems'])} problems: " + "; ".join(verdict["problems"][:3]))
        return verdict


def bench_media(bitrate):
    """Twelve seconds of 1080p25 H.264 with a GOP of one second at a constant rate, made once."""
    file = MADE / f"1080p25-{bitrate}.mp4"
    if not file.exists():
        MADE.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part.mp4")
        run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=25:duration=12,noise=alls=12:allf=t",
             "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "25", "-bf", "0", "-b:v", bitrate, "-minrate", bitrate,
             "-maxrate", bitrate, "-bufsize", bitrate, "-x264-params", "nal-hrd=cbr:scenecut=0", part])
        part.rename(file)
    return file


@contextlib.contextmanager
def farm(count, bitrate):
    media = bench_media(bitrate)
    with scratch() as folder:
        server = Farm(folder, count)
        log = folder / "farm.log"
        cameras = [word for name in server.names for word in ("--camera", f"{name}={media}")]
        with process([BIN / "rtsp-farm", "--log", folder, *cameras], log) as farm_process:
            def ready():
                return next((line for line in log.read_text().splitlines() if line.startswith("ready ")), None)
            server.pid = farm_process.pid
            server.base = wait_for(ready, 60, "the farm's readiness").split()[1]
            yield server


def run(command, **options):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True, **options).stdout


def table(title, left, right, left_values, right_values, unit, bar):
    ratio = median(left_values) / median(right_values)
    return {
        "lines": [
            f"{title}",
            f"{left}: " + " ".join(f"{value:.4g}" for value in left_values) + f" {unit}, median {median(left_values):.4g}",
            f"{right}: " + " ".join(f"{value:.4g}" for value in right_values) + f" {unit}, median {median(right_values):.4g}",
            f"ratio {ratio:.3f} (bar: {bar})",
        ],
        "unit": unit, left: left_values, right: right_values, "ratio": ratio, "bar": bar,
    }
