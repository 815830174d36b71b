"""Recording: CPU and memory against ffmpeg and against the floor, and growth with the number of cameras."""
import json
import time

from .common import (BIN, cpu_seconds, descendants, farm, median, name_of, process, pss_bytes, running, run, scratch, table,
                     wait_for, write_site)

CAMERAS = 16
BITRATE = "4M"
ON_THE_WAY = 0.5  # seconds: what was sent so shortly before the end need not be there
FFMPEG = ("ffmpeg -nostdin -v error -rtsp_transport tcp -i {url} -an -c copy -f segment -segment_time 60 -segment_format mp4 "
          "-segment_format_options movflags=+frag_keyframe+empty_moov+default_base_moof {folder}/{slug}-%05d.mp4")


def window(pid, seconds):
    before = cpu_seconds(pid)
    time.sleep(seconds)
    return (cpu_seconds(pid) - before) / seconds


def cpu_by_name(pid):
    """Seconds of each program below `pid`, reaped children with their parent."""
    used = {}
    for member in descendants(pid):
        name = name_of(member)
        used[name] = used.get(name, 0) + cpu_seconds(member, alone=True)
    return used


def sluice_side(seconds, cameras=None, bitrate=BITRATE):
    """Cores that each program of `sluice up` used, the bytes it holds, and cores of the farm; void unless the frames on disk are the frames sent."""
    with farm(cameras or CAMERAS, bitrate) as server, scratch() as folder:
        site = write_site(folder, server.cameras)
        with running(site) as up:
            time.sleep(3)
            before, farm_before = cpu_by_name(up.process.pid), cpu_seconds(server.pid)
            time.sleep(seconds)
            cores = {name: (used - before.get(name, 0)) / seconds for name, used in cpu_by_name(up.process.pid).items()}
            farm_cores = (cpu_seconds(server.pid) - farm_before) / seconds
            memory = {}
            for pid in descendants(up.process.pid):
                name = name_of(pid)
                memory[name] = memory.get(name, 0) + pss_bytes(pid)
            until = time.time() - ON_THE_WAY
        server.judged(site.volume, until)
        return cores, memory, farm_cores


def ffmpeg_side(seconds):
    with farm(CAMERAS, BITRATE) as server, scratch() as folder:
        commands = [FFMPEG.format(url=url, folder=folder, slug=slug) for slug, url in server.cameras]
        script = " & ".join(commands) + " & wait"
        with process(["bash", "-c", f"trap 'kill $(jobs -p)' TERM; {script}"], folder / "ffmpeg.log") as child:
            wait_for(lambda: len(list(folder.glob("*.mp4"))) == CAMERAS, 60, "recording by ffmpeg")
            time.sleep(3)
            cores = window(child.pid, seconds)
            memory = sum(pss_bytes(pid) for pid in descendants(child.pid))
        return cores, memory


def floor_side(seconds, *options):
    with farm(CAMERAS, BITRATE) as server, scratch() as folder:
        out = run([BIN / "rtsp-floor", *options, seconds, folder, *server.urls])
        return json.loads(out)["cpu_seconds"] / seconds


def sluice_cores(seconds):
    return sum(sluice_side(seconds)[0].values())


def cpu(settings):
    pairs = [(sluice_cores(settings.seconds), ffmpeg_side(settings.seconds)[0]) for _ in range(settings.pairs)]
    result = table(f"{CAMERAS} cameras of 4 Mbit/s, {settings.seconds} s windows; user+system of all processes",
                   "sluice (recorder, API, PostgreSQL)", "ffmpeg", [ours for ours, _ in pairs], [theirs for _, theirs in pairs],
                   "cores", "<= 1.0")
    result["lines"].append("other side: " + FFMPEG)
    return result


def floor(settings):
    ours, hashed, plain = [], [], []
    for _ in range(settings.pairs):
        ours.append(sluice_cores(settings.seconds))
        hashed.append(floor_side(settings.seconds))
        plain.append(floor_side(settings.seconds, "--no-hash"))
    result = table(f"{CAMERAS} cameras of 4 Mbit/s against one thread that receives, hashes, writes and syncs",
                   "sluice (recorder, API, PostgreSQL)", "floor", ours, hashed, "cores", "none yet; native source <= 2")
    result["lines"].append(f"floor without hash: median {median(plain):.4g} cores")
    return result


def memory(settings):
    seconds = max(5, settings.seconds // 4)
    ours, theirs, apart = [], [], {}
    for _ in range(settings.pairs):
        _, apart, _ = sluice_side(seconds)
        ours.append(apart.get("sluice-recorder", 0) / 2**20)
        theirs.append(ffmpeg_side(seconds)[1] / 2**20)
    result = table(f"memory at {CAMERAS} cameras (PSS)", "sluice-recorder", "ffmpeg x16", ours, theirs, "MiB", "<= 0.15")
    result["lines"].append("all of Sluice: " + ", ".join(f"{name} {size / 2**20:.1f} MiB" for name, size in sorted(apart.items())))
    return result
