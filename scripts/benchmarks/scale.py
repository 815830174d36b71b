"""Growth: what a camera costs when there are more of them."""
import os

from .common import Void, median
from .ingest import sluice_side

STEPS = (("4M", (16, 64)), ("1M", (16, 64, 256)), ("250k", (16, 64, 256)))
SMOKE_STEPS = (("250k", (4,)),)


def scale(settings):
    """Rows by bit rate; within one, a camera's cost at each count against its cost at the smallest."""
    lines, rows = [], []
    for bitrate, counts in SMOKE_STEPS if settings.smoke else STEPS:
        smallest = None
        for count in counts:
            row = measured(settings, count, bitrate)
            smallest = smallest or row["us_per_camera_second"]
            row["growth"] = row["us_per_camera_second"] / smallest
            rows.append(row)
            lines.append(described(row))
    return {"lines": lines, "rows": rows, "bar": "growth <= 1.2"}


def measured(settings, count, bitrate):
    rounds, last = [], None
    for _ in range(settings.pairs):
        try:
            last = sluice_side(3 if settings.smoke else settings.seconds, count, bitrate)
        except Void as why:
            raise Void(f"{count} cameras of {bitrate}bit/s: {why}") from why
        rounds.append(sum(last[0].values()))
    cores, memory, farm_cores = last
    return {"cameras": count, "bitrate": bitrate, "cores": rounds, "us_per_camera_second": 1e6 * median(rounds) / count,
            "by_program": cores, "recorder_pss_mib": memory["sluice-recorder"] / 2**20, "farm_cores": farm_cores,
            "load": os.getloadavg()[0]}


def described(row):
    shares = ", ".join(f"{name} {cores:.3f}" for name, cores in sorted(row["by_program"].items()) if cores >= 0.001)
    return (f"{row['cameras']:3} cameras of {row['bitrate']}bit/s: " + " ".join(f"{cores:.3f}" for cores in row["cores"]) +
            f" cores, {row['us_per_camera_second'] / 1000:.2f} ms a second and camera, growth {row['growth']:.2f} (bar: <= 1.2); {shares}; "
            f"recorder {row['recorder_pss_mib']:.0f} MiB; beside it the farm: {row['farm_cores']:.3f} cores")
