"""What every story needs: a site that records, people with accounts, and requests over HTTP that are shown as they happen."""
import contextlib
import datetime
import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("SLUICE_BIN", ROOT / "build/dev/bin")).resolve()
CAMERAS = {"hall": "大廳", "parking": "地下停車場"}
START_LIMIT = 180


class Broken(Exception):
    """The story did not go as it is told."""


def say(text):
    print(text, flush=True)


def demand(condition, what):
    if not condition:
        raise Broken(what)


def wait_for(condition, limit, what):
    """What `condition` gives once it is true."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.1)
    raise Broken(f"{what} did not happen within {limit} s")


def to_rfc3339(moment):
    return moment.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def now():
    return datetime.datetime.now(datetime.timezone.utc)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """Of a problem."""
        with contextlib.suppress(ValueError):
            return self.json.get("code", "")
        return ""


def sent_record(headers, data):
    """What opens something is not written down, though it is a story's: only that it was there."""
    names = {name.lower(): "" if name.lower() in ("authorization", "cookie") else value for name, value in headers.items()}
    is_text = "json" in names.get("content-type", "")
    return {"headers": names, "bytes": len(data or b""), "body": (data or b"").decode(errors="replace") if is_text else None}


def record_exchange(method, target, headers, data, answer):
    """For tests/contract, as the tests in C++ do; one line at a time, several stories write the file."""
    file = os.environ.get("SLUICE_RECORD_HTTP")
    if not file:
        return
    is_text = "json" in (answer.headers.get("Content-Type") or "")
    sent = {"request": sent_record(headers, data)} if answer.status < 400 else {}
    line = json.dumps({"method": method, "target": target, **sent, "status": answer.status,
                       "headers": {name.lower(): value for name, value in answer.headers.items()},
                       "body": answer.body.decode(errors="replace") if is_text else None}) + "\n"
    out = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(out, line.encode())
    finally:
        os.close(out)


class Person:
    """Somebody with an account, logged in by name and password; or who has a token; or nobody."""

    def __init__(self, site, name, cookie="", csrf="", bearer=""):
        self.site, self.name, self.cookie, self.csrf, self.bearer = site, name, cookie, csrf, bearer

    def ask(self, method, path, body=None, expect=200, code="", headers=None, quiet=False):
        """Asks and shows it. Broken: another status (or problem code) than expected."""
        data, kind = None, {}
        if isinstance(body, bytes):
            data, kind = body, {"Content-Type": "application/octet-stream"}
        elif body is not None:
            data, kind = json.dumps(body).encode(), {"Content-Type": "application/json"}
        sent = {**kind, **({"Authorization": f"Bearer {self.bearer}"} if self.bearer else {}), **({"Cookie": self.cookie} if self.cookie else {}),
                **({"X-CSRF-Token": self.csrf} if self.csrf and method != "GET" else {}), **(headers or {})}
        request = urllib.request.Request(self.site.url + path, data=data, method=method, headers=sent)
        try:
            with urllib.request.urlopen(request, timeout=60) as got:
                answer = Answer(got.status, got.headers, got.read())
        except urllib.error.HTTPError as error:
            answer = Answer(error.code, error.headers, error.read())
        record_exchange(method, path, sent, data, answer)
        if not quiet:
            say(f"  {self.name}: {method} {path.split('?')[0]} → {answer.status} {answer.code}".rstrip())
        if answer.status != expect or (code and answer.code != code):
            raise Broken(f"{self.name}: {method} {path} was {answer.status} {answer.body[:600].decode(errors='replace')}, "
                         f"expected {expect} {code}")
        return answer

    def get(self, path, **options):
        return self.ask("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.ask("POST", path, body, **options)


class Site:
    """`sluice up` on a site of its own whose cameras are real RTSP streams, in a folder that goes with it."""

    def __init__(self, folder):
        self.folder = folder
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.config = folder / "sluice.toml"
        self.data = folder / "data"
        self.log = folder / "up.log"

    def sluice(self, *words, expect=0):
        """The command line tool on this site; its output."""
        done = subprocess.run([BIN / "sluice", *words], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
        demand(done.returncode == expect, f"sluice {' '.join(map(str, words))}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def status(self):
        with contextlib.suppress(OSError, ValueError):
            return json.loads((self.data / "run/recorder-status.json").read_text())
        return None

    def records(self):
        status = self.status()
        return status and len(status["streams"]) == len(CAMERAS) and all(s["state"] == "recording" for s in status["streams"])

    def wait_past(self, moment):
        """Everything that was recorded before `moment` is durable."""
        end = moment + datetime.timedelta(seconds=8)
        wait_for(lambda: now() > end, 180, "enough footage")

    def person(self, name, roles, unit):
        """Makes an account by the command line, and logs in with a password of its own instead of the first one."""
        words = [word for role in roles for word in ("--role", role)]
        made = self.sluice("account", "create", "--config", self.config, "--name", name, *words, "--unit", unit,
                           "--document", "保密字第 1 號", "--date", "2026-01-02")
        first = made.strip().splitlines()[-1].strip()
        nobody = Person(self, name)
        login = nobody.post("/v1/sessions", {"name": name, "password": first, "new_password": f"{secrets.token_hex(12)} Aa1!"},
                            expect=201, quiet=True)
        cookie = login.headers["Set-Cookie"].split(";")[0]
        say(f"  {name} ({', '.join(roles)}; {unit}) has an account")
        return Person(self, name, cookie, login.json["csrf_token"])


@contextlib.contextmanager
def process(command, log):
    """Runs a program in a session of its own and ends it; kills only what it started."""
    with open(log, "ab") as stream:
        child = subprocess.Popen([str(word) for word in command], stdout=stream, stderr=stream, stdin=subprocess.DEVNULL,
                                 start_new_session=True)
    try:
        yield child
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(30)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def count_pictures(file):
    """What ffprobe finds in a file: an independent judge."""
    done = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v:0", "-count_packets", "-show_entries", "stream=nb_read_packets",
                           "-of", "csv=p=0", file], capture_output=True, text=True, timeout=60, check=True)
    return int(done.stdout.strip().strip(","))


def make_pictures(file):
    """Twelve seconds of H.264, a key picture each second."""
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=12",
                    "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "25", "-bf", "0", file],
                   check=True, timeout=120)


@contextlib.contextmanager
def running_site():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-story-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        pictures = folder / "pictures.mp4"
        make_pictures(pictures)
        farm_log = folder / "farm.log"
        words = [word for slug in CAMERAS for word in ("--camera", f"{slug}={pictures}")]
        with process([BIN / "rtsp-farm", "--log", folder, *words], farm_log):
            def find_base():
                lines = farm_log.read_text().splitlines() if farm_log.exists() else []
                return next((line.split()[1] for line in lines if line.startswith("ready ")), None)
            base = wait_for(find_base, 60, "the farm's readiness")
            site = Site(folder)
            site.farm_base = base
            text = (f'data = "{site.data}"\n[api]\nlisten = "127.0.0.1:{site.port}"\n[storage]\nvolumes = ["{folder}/volume"]\n'
                    'segment = "5s"\ndurability_window = "500ms"\n[huimin]\nallow_hosts = ["localhost"]\n[[recorders]]\nslug = "xvr"\n')
            for slug, name in CAMERAS.items():
                text += f'[[recorders.cameras]]\nslug = "{slug}"\nname = "{name}"\nurl = "{base}/{slug}"\n'
            site.config.write_text(text)
            (folder / "volume").mkdir()
            with process([BIN / "sluice", "up", "--config", site.config], site.log):
                wait_for(site.records, START_LIMIT, "recording of every camera")
                yield site
    except Broken:
        with contextlib.suppress(OSError):
            say("".join((folder / "up.log").read_text().splitlines(keepends=True)[-20:]))
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(title, tell):
    """A story from its first line to its last; the exit code."""
    say(title)
    try:
        with running_site() as site:
            tell(site)
    except Broken as broken:
        say(f"BROKEN: {broken}")
        return 1
    say("The story went as it is told.")
    return 0
