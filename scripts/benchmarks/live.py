"""Many viewers of one camera's live: what they cost the recorder, and what the API does for them beside sending each its bytes."""
import asyncio
import pathlib
import re
import shutil
import statistics
import time
import zlib

from .clips import nginx
from .common import Void, descendants, farm, median, name_of, percentile, running, scratch, write_site
from .ingest import BITRATE, ON_THE_WAY

VIEWERS = 64
PART = re.compile(rb'#EXT-X-PART:.*?URI="([^"]+)"')
NUMBER = re.compile(rb"picture=(\d+);")
SENT = re.compile(rb";at=(\d{16})")
NEWEST = 256  # parts that a viewer remembers; a playlist names the last 18 s


class Connection:
    """A viewer's keep-alive connection; counts all bytes that come over it."""

    def __init__(self, port, token=""):
        self.port, self.received = port, 0
        self.fields = f"Host: 127.0.0.1\r\n{f'Authorization: Bearer {token}' if token else 'Accept: */*'}\r\n\r\n"

    async def __aenter__(self):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
        return self

    async def __aexit__(self, *_):
        self.writer.close()

    async def get(self, path):
        self.writer.write(f"GET {path} HTTP/1.1\r\n{self.fields}".encode())
        head = await self.reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head[:16]:
            raise Void(f"{path}: {head[:40]!r}")
        length = int(re.search(rb"(?i)content-length: (\d+)", head).group(1))
        body = await self.reader.readexactly(length)
        self.received += len(head) + length
        return body


class Audience:
    """Viewers who do as a low-latency player does: a reload waits for the next part, then that is loaded."""

    def __init__(self, site, camera, count):
        self.site, self.count, self.base = site, count, f"/v1/cameras/{camera}/"
        self.parts = {}  # address: [length, checksum, [when each viewer had it], pictures, age of the last one at the first viewer]
        self.bodies = {}  # the last ones, by address
        self.playlist_bytes, self.media_bytes = [], 0
        self.connections = []

    @property
    def received(self):
        return sum(connection.received for connection in self.connections)

    async def watch(self, until):
        await asyncio.gather(*(self.viewer(until) for _ in range(self.count)))

    async def viewer(self, until):
        async with Connection(self.site.port, self.site.token) as http:
            self.connections.append(http)
            playlist = await http.get(self.base + "live.m3u8")
            known = PART.findall(playlist)
            while time.monotonic() < until:
                first = int(re.search(rb"MEDIA-SEQUENCE:(\d+)", playlist).group(1))
                skipped = re.search(rb"SKIPPED-SEGMENTS=(\d+)", playlist)
                whole = first + (int(skipped.group(1)) if skipped else 0) + playlist.count(b"#EXTINF")
                growing = len(PART.findall(playlist[playlist.rfind(b"#EXTINF"):]))
                playlist = await http.get(f"{self.base}live.m3u8?_HLS_msn={whole}&_HLS_part={growing}&_HLS_skip=YES")
                self.playlist_bytes.append(len(playlist))
                for address in PART.findall(playlist):
                    if address in known:
                        continue
                    known = [*known[-NEWEST:], address]
                    self.note(address, await http.get(self.base + address.decode()))

    def note(self, address, body):
        now = time.time()
        self.media_bytes += len(body)
        if address not in self.parts:
            self.parts[address] = [len(body), zlib.crc32(body), [], list(map(int, NUMBER.findall(body))), now - int(SENT.findall(body)[-1]) / 1e6]
            self.bodies[address] = body
        part = self.parts[address]
        if part[:2] != [len(body), zlib.crc32(body)]:
            raise Void(f"{address} is not the same for all")
        part[2].append(now)

    def check(self):
        """Everybody had the same parts, each once, and no picture is missing or comes twice."""
        if len(self.parts) < 2:
            raise Void("hardly a part came")
        # Who came when is not the same for the first and the last ones.
        whole = [part for part in self.parts.values() if len(part[2]) == self.count]
        if len(whole) < len(self.parts) - 4 or any(len(part[2]) > self.count for part in self.parts.values()):
            raise Void(f"of {len(self.parts)} parts {len(whole)} were loaded by each of {self.count} viewers once")
        pictures = [number for part in self.parts.values() for number in part[3]]
        if pictures != list(range(pictures[0], pictures[0] + len(pictures))):
            raise Void("pictures are missing, or come twice, in what the viewers had")


async def plain_audience(port, count, files, pace, seconds):
    """As many viewers, who load as many playlists and parts at the same pace from a plain server; how many bytes came."""
    connections = []

    async def viewer():
        async with Connection(port) as http:
            connections.append(http)
            for number in range(int(seconds / pace)):
                await asyncio.sleep(max(0, began + number * pace - time.monotonic()))
                await http.get("/playlist")
                await http.get(f"/{number % files}.m4s")

    began = time.monotonic()
    await asyncio.gather(*(viewer() for _ in range(count)))
    return sum(connection.received for connection in connections)


def pid_of(site, name):
    return next(pid for pid in descendants(site.process.pid) if name_of(pid) == name)


def cpu_ns(pid):
    """CPU of a process' threads, finer than the clock tick."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in pathlib.Path(f"/proc/{pid}/task").iterdir())


def io_of(pid):
    return {name: int(value) for name, value in (line.split(": ") for line in pathlib.Path(f"/proc/{pid}/io").read_text().splitlines())}


class Window:
    """What recorder and server cost between its two ends."""

    def __init__(self, recorder, server):
        self.recorder, self.server = recorder, server
        self.began, self.before = time.monotonic(), self.now()

    def now(self):
        io = io_of(self.server)
        return {"recorder": cpu_ns(self.recorder), "cpu": cpu_ns(self.server), "rchar": io["rchar"], "read_bytes": io["read_bytes"]}

    def cost(self):
        seconds, after = time.monotonic() - self.began, self.now()
        spent = {name: value - self.before[name] for name, value in after.items()}
        return {**spent, "recorder": spent["recorder"] / 1e9 / seconds, "cpu": spent["cpu"] / 1e9 / seconds, "seconds": seconds}


def of_sluice(site, camera, count, seconds):
    """(cost, audience) of a window in which so many watch."""
    audience = Audience(site, camera, count)

    async def whole():
        window = Window(pid_of(site, "sluice-recorder"), pid_of(site, "sluice-api"))
        await audience.watch(time.monotonic() + seconds)
        return window.cost()
    cost = asyncio.run(whole())
    audience.check()
    cost.update(received=audience.received, media=audience.media_bytes, distinct=sum(part[0] for part in audience.parts.values()))
    return cost, audience


def of_nginx(site, audience, seconds):
    """The same bytes at the same pace out of nginx."""
    arrivals = sorted(min(part[2]) for part in audience.parts.values())
    pace = (arrivals[-1] - arrivals[0]) / (len(arrivals) - 1)
    with scratch() as folder, nginx(folder) as port:
        pid = int((folder / "nginx.pid").read_text())
        (folder / "playlist").write_bytes(b"#" * round(statistics.mean(audience.playlist_bytes)))
        for number, body in enumerate(audience.bodies.values()):
            (folder / f"{number}.m4s").write_bytes(body)

        async def whole():
            window = Window(pid_of(site, "sluice-recorder"), pid)
            received = await plain_audience(port, audience.count, len(audience.bodies), pace, seconds)
            return {**window.cost(), "received": received}
        return asyncio.run(whole())


def of_nobody(site, seconds):
    window = Window(pid_of(site, "sluice-recorder"), pid_of(site, "sluice-api"))
    time.sleep(seconds)
    return window.cost()


def viewers(settings):
    if shutil.which("nginx") is None:
        raise Void("nginx is not installed (scripts/setup --bench does it): there is no other side")
    count, seconds = (6, 5) if settings.smoke else (VIEWERS, min(settings.seconds, 20))
    ours, plain, alone, ages = [], [], [], []
    with farm(1, BITRATE) as server, scratch() as folder:
        site = write_site(folder, server.cameras)
        with running(site):
            time.sleep(4)
            for _ in range(settings.pairs):
                alone.append(of_nobody(site, seconds))
                cost, audience = of_sluice(site, server.names[0], count, seconds)
                ours.append(cost)
                ages.extend(part[4] for part in audience.parts.values())
                plain.append(of_nginx(site, audience, seconds))
            until = time.time() - ON_THE_WAY
        server.judged(site.volume, until)
    return told(count, ours, plain, alone, ages)


def told(count, ours, plain, alone, ages):
    """Bytes over all rounds, CPU by the medians of the rounds."""
    sums = {name: sum(cost[name] for cost in ours) for name in ("received", "media", "distinct", "rchar", "read_bytes")}
    recorder = [[1000 * cost["recorder"] for cost in side] for side in (alone, ours, plain)]
    server = [[1e9 * cost["cpu"] * cost["seconds"] / cost["received"] for cost in side] for side in (ours, plain)]
    wire, read, disk = (sums[a] / sums[b] for a, b in (("received", "media"), ("rchar", "media"), ("read_bytes", "distinct")))
    lines = [
        f"recorder, one camera of 4 Mbit/s: {listed(recorder[0])} thousandths of a core with nobody watching; {listed(recorder[1])} with {count} viewers; "
        f"{listed(recorder[2])} while nginx sends the same to as many: ratio of the last two {median(recorder[1]) / median(recorder[2]):.2f} (bar: <= 1.05)",
        f"{sums['media'] / 2**20:.0f} MiB of media to {count} viewers, {sums['distinct'] / 2**20:.1f} MiB of them different: {wire:.3f} bytes sent, "
        f"heads and playlists included, and {read:.3f} bytes read for each byte of media (bar: <= 1.2); {disk:.3f} bytes from the disk for each different one (bar: <= 1.2)",
        f"CPU for a gigabyte sent: API {listed(server[0])} s, nginx {listed(server[1])} s, ratio {median(server[0]) / median(server[1]):.2f}",
        f"age of a part's last picture when the first viewer had it: median {median(ages):.2f} s, p95 {percentile(ages, 0.95):.2f} s, longest {max(ages):.2f} s (bar: <= 1.5 s)",
    ]
    return {"lines": lines, "recorder_millicores": dict(zip(("alone", "viewers", "nginx"), recorder)), "cpu_s_per_gb": dict(zip(("api", "nginx"), server)),
            "bytes": sums, "ages_s": ages, "bar": "recorder <= 1.05, bytes <= 1.2"}


def listed(values):
    return " ".join(f"{value:.3g}" for value in values)
