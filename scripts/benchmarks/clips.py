"""Clips: time to the first byte out of a full month, and bytes a second against nginx."""
import contextlib
import datetime
import mmap
import os
import pathlib
import random
import shutil
import time

from .catalogue import timed
from .common import Void, free_port, median, percentile, process, run, scratch, table, wait_for
from .lean_http import Http
from .loaded import loaded_site, utc

HOUR = datetime.timedelta(hours=1)
GROUP_OF_PICTURES = datetime.timedelta(seconds=1)
JITTER = datetime.timedelta(seconds=0.2)  # of the recorded pictures' arrival


def clip_path(camera, begin):
    return f"/v1/cameras/{camera}/clip.mp4?from={utc(begin)}&to={utc(begin + HOUR)}"


def random_moment(site):
    """A random camera and a random moment of the month, to the millisecond, with an hour behind it."""
    span = datetime.timedelta(days=site.days) - HOUR - datetime.timedelta(minutes=2)
    return random.choice(site.cameras), site.begin + datetime.timedelta(milliseconds=random.randrange(int(span.total_seconds() * 1000)))


class Files:
    """The names on the volume: which file holds a moment. Folders are listed before anything is timed."""

    def __init__(self, site):
        self.volume, self.lists = site.volume, {}

    def first_of(self, camera, moment):
        day = moment.strftime("%Y-%m-%d")
        folder = self.volume / "live" / day / camera / "main"
        if folder not in self.lists:
            self.lists[folder] = sorted(os.listdir(folder))
        compact = moment.strftime("%Y%m%dT%H%M%SZ") + "~"
        return str(folder / [name for name in self.lists[folder] if name < compact][-1])


def drop_page_cache():
    """True when the kernel let us: then files and tables come from the disk."""
    try:
        os.sync()
        pathlib.Path("/proc/sys/vm/drop_caches").write_text("1\n")
        return True
    except OSError:
        return False


def first_byte_ms(site, camera, begin, usual_bytes):
    """The connection is open: what is timed is the request up to the first byte of its body."""
    path = clip_path(camera, begin)
    with Http(site.port, site.token) as http:
        def ask():
            http.send(path)
            headers, body = http.read_head(path)
            return headers, body or http.socket.recv(1 << 16)
        took, (headers, body) = timed(ask)
    check_head(site, path, begin, headers, body, usual_bytes)
    return took


def check_head(site, path, begin, headers, body, usual_bytes):
    """The answer is the asked hour: MP4, from the key frame before, as long as an hour is (or a minute less, at midnight)."""
    ends = [datetime.datetime.fromisoformat(part.split("=")[1].strip('"')) for part in headers["sluice-interval"].split(", ")]
    # In the minute that is missing before midnight the clip begins behind the gap.
    midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0) + datetime.timedelta(days=1)
    is_in_gap = begin >= midnight - site.segment_length
    is_placed = ends[0] == midnight if is_in_gap else begin - GROUP_OF_PICTURES - JITTER <= ends[0] <= begin
    length = int(headers["content-length"])
    is_long = usual_bytes * 0.96 <= length <= usual_bytes * 1.02
    if body[4:8] != b"ftyp" or not is_placed or ends[1] != begin + HOUR or not is_long:
        raise Void(f"{path}: {length} bytes of {headers['sluice-interval']}, not an hour of the month")


def read_ms(file):
    """The other side: what `cat` calls for the first bytes of a file, in a process that runs already."""
    def read():
        descriptor = os.open(file, os.O_RDONLY)
        data = os.read(descriptor, 131072)
        os.close(descriptor)
        return data
    took, data = timed(read)
    if data[4:8] != b"ftyp":
        raise Void(f"{file} is not a segment")
    return took


def first_bytes(site, files, count, usual_bytes, before):
    """`count` pairs; `before` is called before each side. Who comes first changes."""
    ours, theirs = [], []
    for number in range(count):
        camera, begin = random_moment(site)
        file = files.first_of(camera, begin)
        sides = [lambda: ours.append(first_byte_ms(site, camera, begin, usual_bytes)), lambda: theirs.append(read_ms(file))]
        for side in sides if number % 2 == 0 else reversed(sides):
            before()
            side()
    return ours, theirs


def first_byte(settings):
    random.seed(20261123)
    count = 20 if settings.smoke else 1000
    with loaded_site(settings) as site:
        files = Files(site)
        usual = usual_bytes(site)
        warm, warm_cat = first_bytes(site, files, count, usual, lambda: None)
        cold, cold_cat = first_bytes(site, files, count, usual, drop_page_cache) if drop_page_cache() else ([], [])
    lines = [described(f"{count} random one-hour clips out of {site.days} days x {len(site.cameras)} cameras", warm, warm_cat)]
    lines.append(described("page cache dropped before each sample", cold, cold_cat) if cold
                 else "the page cache could not be dropped here (no right to): all of it is warm")
    lines.append(f"catalogue: {site.rows}")
    return {"lines": lines, "warm_ms": warm, "warm_cat_ms": warm_cat, "cold_ms": cold, "cold_cat_ms": cold_cat, "bar": "p99 <= 50 ms"}


def described(title, ours, theirs):
    return (f"{title}: first byte median {median(ours):.2f} ms, p99 {percentile(ours, 0.99):.2f} ms, longest {max(ours):.2f} ms (bar: p99 <= 50 ms); "
            f"first read of its first file median {median(theirs):.3f} ms, p99 {percentile(theirs, 0.99):.3f} ms")


def usual_bytes(site):
    """Length of a whole hour's clip, asked once."""
    path = clip_path(site.cameras[0], site.begin + HOUR)
    with Http(site.port, site.token) as http:
        http.send(path)
        return int(http.read_head(path)[0]["content-length"])


NGINX = """daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log; user root;
events {{}} http {{ access_log off; sendfile on; tcp_nopush on; client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2;
fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
server {{ listen 127.0.0.1:{port}; root {folder}; }} }}"""


def download(port, token, path, take):
    """Calls `take(offset, bytes)` for each piece; MiB a second from the request to the last byte."""
    with Http(port, token) as http:
        began = time.perf_counter()
        http.send(path)
        headers, body = http.read_head(path)
        length, size = int(headers["content-length"]), len(body)
        take(0, body)
        buffer = memoryview(bytearray(1 << 20))
        while size < length:
            got = http.socket.recv_into(buffer)
            if not got:
                break
            take(size, buffer[:got])
            size += got
        took = time.perf_counter() - began
    if size != length:
        raise Void(f"{path}: {size} of {length} bytes")
    return size / took / 2**20


def check_pictures(clip, segment, minutes):
    """The clip's pictures are the recorded segment's, over and over: compared by an independent reader."""
    counted = run(["ffprobe", "-v", "error", "-count_packets", "-select_streams", "v:0", "-show_entries",
                   "stream=nb_read_packets:format=duration", "-of", "csv=p=0", clip]).split()
    per_segment = int(run(["ffprobe", "-v", "error", "-count_packets", "-select_streams", "v:0", "-show_entries",
                           "stream=nb_read_packets", "-of", "csv=p=0", segment]).strip().rstrip(","))
    # The last pictures may lie behind the hour by the jitter of their arrival.
    frames, wanted = int(counted[0].rstrip(",")), per_segment * minutes
    if not wanted - 5 <= frames <= wanted or abs(float(counted[1]) - 3600) > 1:
        raise Void(f"the clip has {frames} pictures in {counted[1]} s, not {wanted} in an hour")
    hashes = [run(["ffmpeg", "-v", "error", "-xerror", *loop, "-i", file, "-map", "0:v", "-c", "copy", "-frames:v", wanted - per_segment,
                   "-f", "md5", "-"]) for loop, file in (([], clip), (["-stream_loop", minutes - 1], segment))]
    if hashes[0] != hashes[1]:
        raise Void("the clip's pictures are not those of the recorded segment")


@contextlib.contextmanager
def nginx(folder):
    port = free_port()
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    with process(["nginx", "-c", folder / "nginx.conf", "-p", folder], folder / "nginx.log"):
        wait_for(lambda: (folder / "nginx.pid").exists(), 10, "nginx")
        yield port


def throughput(settings):
    if shutil.which("nginx") is None:
        raise Void("nginx is not installed (scripts/setup --bench does it): there is no other side")
    random.seed(20261123)
    ours, theirs = [], []
    with loaded_site(settings) as site, scratch() as folder:
        path = clip_path(site.cameras[-1], site.begin + 3 * HOUR)
        clip = folder / "clip.mp4"
        with open(clip, "wb") as file:
            download(site.port, site.token, path, lambda _, data: file.write(data))
        check_pictures(clip, site.segment, 720 if settings.smoke else 60)
        clip.chmod(0o644)
        with nginx(folder) as port, open(clip, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as wanted:
            # A look at each piece's first bytes, so that the check weighs little and the same on both sides.
            def check(offset, data):
                if data[:64] != wanted[offset:offset + min(64, len(data))]:
                    raise Void(f"other bytes at {offset}")
            for _ in range(settings.pairs):
                ours.append(download(site.port, site.token, path, check))
                theirs.append(download(port, "", "/clip.mp4", check))
            size = len(wanted)
    return table(f"one-hour clip of {size / 2**20:.0f} MiB over loopback, plain HTTP", "sluice", "nginx sendfile", ours, theirs, "MiB/s", ">= 0.5")
