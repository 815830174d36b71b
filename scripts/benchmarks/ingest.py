"""Recording: CPU and memory against ffmpeg and against the floor."""
import json
import time

from .common import (BIN, Void, cpu_seconds, descendants, farm, median, name_of, process, pss_bytes, running, run, scratch,
                     table, wait_for, write_site)

CAMERAS = 16
BITRATE = "4M"
FFMPEG = ("ffmpeg -nostdin -v error -rtsp_transport tcp -i {url} -an -c copy -f segment -segment_time 60 -segment_format mp4 "
          "-segment_format_options movflags=+frag_keyframe+empty_moov+default_base_moof {folder}/{slug}-%05d.mp4")


def slugs():
    return [f"cam-{number}" for number in range(1, CAMERAS + 1)]


def frames_on_disk(volume, slug):
    """What an independent reader counts in a camera's files."""
    files = sorted((volume / "live").glob(f"*/{slug}/main/*.mp4"))
    return sum(int(run(["ffprobe", "-v", "error", "-count_packets", "-select_streams", "v:0", "-show_entries",
                        "stream=nb_read_packets", "-of", "csv=p=0", file]).strip().rstrip(",") or 0) for file in files)


def window(pid, seconds):
    before = cpu_seconds(pid)
    time.sleep(seconds)
    return (cpu_seconds(pid) - before) / seconds


def check_frames(volume, server):
    """Void unless every camera's file holds every frame from its first recorded one to its last."""
    for slug, url in zip(slugs(), server.urls):
        on_disk = frames_on_disk(volume, slug)
        sent = server.frames_sent(url)
        # Every session of the farm begins with a key frame; up to three frames are on the way when it ends.
        if not sent - 3 <= on_disk <= sent:
            raise Void(f"{slug}: {on_disk} frames on disk, {sent} sent")


def sluice_side(seconds):
    """Cores used by all processes of `sluice up`, the bytes each holds, and the frames checked."""
    with farm(CAMERAS, BITRATE) as server, scratch() as folder:
        site = write_site(folder, list(zip(slugs(), server.urls)))
        with running(site) as up:
            time.sleep(3)
            cores = window(up.process.pid, seconds)
            memory = {}
            for pid in descendants(up.process.pid):
                name = name_of(pid)
                memory[name] = memory.get(name, 0) + pss_bytes(pid)
        check_frames(site.volume, server)
        return cores, memory


def ffmpeg_side(seconds):
    with farm(CAMERAS, BITRATE) as server, scratch() as folder:
        commands = [FFMPEG.format(url=url, folder=folder, slug=slug) for slug, url in zip(slugs(), server.urls)]
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


def cpu(settings):
    pairs = [(sluice_side(settings.seconds)[0], ffmpeg_side(settings.seconds)[0]) for _ in range(settings.pairs)]
    result = table(f"{CAMERAS} cameras of 4 Mbit/s, {settings.seconds} s windows; user+system of all processes",
                   "sluice (recorder, API, PostgreSQL)", "ffmpeg", [ours for ours, _ in pairs], [theirs for _, theirs in pairs],
                   "cores", "<= 1.0")
    result["lines"].append("other side: " + FFMPEG)
    return result


def floor(settings):
    ours, hashed, plain = [], [], []
    for _ in range(settings.pairs):
        ours.append(sluice_side(settings.seconds)[0])
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
        _, apart = sluice_side(seconds)
        ours.append(apart.get("sluice-recorder", 0) / 2**20)
        theirs.append(ffmpeg_side(seconds)[1] / 2**20)
    result = table(f"memory at {CAMERAS} cameras (PSS)", "sluice-recorder", "ffmpeg x16", ours, theirs, "MiB", "<= 0.15")
    result["lines"].append("all of Sluice: " + ", ".join(f"{name} {size / 2**20:.1f} MiB" for name, size in sorted(apart.items())))
    return result
