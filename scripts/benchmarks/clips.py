"""Clips: time to the first byte out of a full month, and bytes a second against nginx."""
import datetime
import http.client
import pathlib
import random
import shutil
import time

from .catalogue import loaded_site, timed, utc
from .common import (Void, farm, free_port, median, percentile, process, run, running, scratch, table, wait_for, write_site)


def real_segment(smoke):
    """One whole minute of 4 Mbit/s as the recorder writes it, made once a machine."""
    file = pathlib.Path(f"/var/tmp/sluice-bench-segment{'-smoke' if smoke else ''}.mp4")
    if file.exists():
        return file
    with farm(1, "1M" if smoke else "4M") as server, scratch() as folder:
        site = write_site(folder, [("cam-1", server.urls[0])])
        if smoke:
            site.config.write_text(site.config.read_text().replace("[storage]", '[storage]\nsegment = "5s"'))
        with running(site):
            # The first and the last file of a recording are shorter than the rest.
            found = wait_for(lambda: sorted(site.volume.glob("live/*/cam-1/main/*.mp4"))[1:2], 30 if smoke else 200, "a whole segment")
            shutil.copyfile(found[0], file.with_suffix(".part"))
    file.with_suffix(".part").rename(file)
    file.chmod(0o644)
    return file


def drop_page_cache():
    """True when the kernel let us: then every first byte comes from the disk."""
    try:
        run(["sync"])
        pathlib.Path("/proc/sys/vm/drop_caches").write_text("1\n")
        return True
    except OSError:
        return False


def first_byte_ms(site, path):
    """Opens a connection first: what is timed is the request, not TCP."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
    connection.connect()
    began = time.perf_counter()
    connection.request("GET", path, headers={"Authorization": f"Bearer {site.token}"})
    answer = connection.getresponse()
    first = answer.read(32)
    took = (time.perf_counter() - began) * 1000
    if answer.status != 200 or b"ftyp" not in first:
        raise Void(f"{path}: {answer.status} {first!r}")
    connection.close()
    return took


def hour_of(site):
    """A random camera and a random hour of the month."""
    hours = site.days * 24 - 2
    begin = site.begin + datetime.timedelta(minutes=random.randrange(60), hours=random.randrange(hours))
    end = begin + datetime.timedelta(hours=1)
    return f"/v1/cameras/{random.choice(site.cameras)}/clip.mp4?from={utc(begin)}&to={utc(end)}"


def cat_ms(site):
    """The other side: the first bytes of a random file by `cat`'s own system calls, in one process."""
    files = site.files
    took, first = timed(lambda: open(random.choice(files), "rb").read(65536))
    return took if first else None


def first_byte(settings):
    random.seed(20261123)
    count = 20 if settings.smoke else 1000
    cold = 5 if settings.smoke else 50
    with loaded_site(settings.smoke, volume=True) as site:
        site.files = [str(file) for file in (site.volume / "live").glob("*/load-01/main/*.mp4")]
        warm, cat = [], []
        for _ in range(count):
            warm.append(first_byte_ms(site, hour_of(site)))
            cat.append(cat_ms(site))
        colds, dropped = [], drop_page_cache()
        for _ in range(cold if dropped else 0):
            drop_page_cache()
            colds.append(first_byte_ms(site, hour_of(site)))
    lines = [f"one-hour clip out of {site.days} days x {len(site.cameras)} cameras, {count} random ones: median {median(warm):.2f} ms, "
             f"p99 {percentile(warm, 0.99):.2f} ms (bar: p99 <= 50 ms)",
             f"open and read 64 KiB of a random file: median {median(cat):.3f} ms, p99 {percentile(cat, 0.99):.3f} ms"]
    lines.append(f"page cache dropped before each of {len(colds)}: median {median(colds):.2f} ms, p99 {percentile(colds, 0.99):.2f} ms"
                 if colds else "the page cache could not be dropped here: all of it is warm")
    return {"lines": lines, "warm_ms": warm, "cold_ms": colds, "cat_ms": cat, "bar": "p99 <= 50 ms"}


NGINX = """daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log; user root;
events {{}} http {{ access_log off; sendfile on; tcp_nopush on; client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2;
fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
server {{ listen 127.0.0.1:{port}; root {folder}; }} }}"""


def download_rate(port, path, headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.connect()
    began = time.perf_counter()
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    length, size = int(answer.headers["Content-Length"]), 0
    buffer = bytearray(1 << 20)
    while got := answer.readinto(buffer):
        size += got
    took = time.perf_counter() - began
    if answer.status != 200 or size != length:
        raise Void(f"{path}: {answer.status}, {size} of {length} bytes")
    return size / took / 2**20, size


def throughput(settings):
    if shutil.which("nginx") is None:
        raise Void("nginx is not installed (apt-get install nginx-light): there is no other side")
    random.seed(20261123)
    ours, theirs = [], []
    with loaded_site(settings.smoke, volume=True) as site, scratch() as folder:
        path = hour_of(site)
        headers = {"Authorization": f"Bearer {site.token}"}
        _, size = download_rate(site.port, path, headers)
        (folder / "clip.mp4").write_bytes(b"\0")
        with open(folder / "clip.mp4", "r+b") as file:
            for _ in range(size // 2**20 + 1):
                file.write(b"\x5a" * 2**20)
            file.truncate(size)
        port = free_port()
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
        with process(["nginx", "-c", folder / "nginx.conf", "-p", folder], folder / "nginx.log"):
            wait_for(lambda: (folder / "nginx.pid").exists(), 10, "nginx")
            for _ in range(settings.pairs):
                ours.append(download_rate(site.port, path, headers)[0])
                theirs.append(download_rate(port, "/clip.mp4", {})[0])
    return table(f"one-hour clip of {size / 2**20:.0f} MiB over loopback, plain HTTP", "sluice", "nginx sendfile", ours, theirs, "MiB/s", ">= 0.5")
