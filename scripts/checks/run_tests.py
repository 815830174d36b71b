"""Builds, runs the test programs and the checks, judges the skips, and closes on one plain line (see scripts/test)."""
import argparse
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUITES = {"unit": "unit_tests", "pg": "pg_tests", "integration": "integration_tests", "smoke": "smoke_tests"}
WHOLE = ["unit", "pg", "integration"]  # [smoke] is a part of integration, built alone where it has to be quick
PROGRAMS = ["sluice", "sluice-recorder", "sluice-api", "sluice-demo-cameras", "rtsp-farm",
            "powercut-disk", "no-sync", "slow-disk", "stepped-recorder", "bad-cable"]
INTEGRATION_SPECS = ["[beside]", "[api]~[beside]", "~[api]~[beside]"]
STORY_LIMIT_SECONDS = 15 * 60
LIMIT_SECONDS = {False: 45 * 60, True: 6 * 3600}


@dataclasses.dataclass
class Tally:
    passed: int = 0
    failed: int = 0
    skips: list = dataclasses.field(default_factory=list)  # (name, reason)

    def fail(self, name: str, detail: str = "") -> None:
        self.failed += 1
        print(f"FAILED  {name}")
        if detail:
            print("    " + detail.strip().replace("\n", "\n    "))


def build(preset: str, targets: list) -> bool:
    """Configures once, then builds; what it prints stays on the terminal as progress."""
    folder = ROOT / "build" / preset
    if not (folder / "build.ninja").exists():
        print(f"test: configuring the preset {preset}", flush=True)
        done = subprocess.run(["cmake", "--preset", preset], cwd=ROOT, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            print(done.stdout)
            return False
    print(f"test: building {' '.join(targets) or 'everything'} ({preset})", flush=True)
    return subprocess.run(["ninja", "-C", str(folder), *targets], cwd=ROOT).returncode == 0


def described(case) -> str:
    """What a failed Catch2 test case says of itself."""
    lines, notes = [], []
    for node in case.iter():
        if node.tag in ("Info", "Warning"):
            notes.append("  " + (node.text or "").strip()[:2000])
        if node.tag != "Expression":
            continue
        if node.get("success") != "true":
            original, expanded = ((node.findtext(part) or "").strip() for part in ("Original", "Expanded"))
            lines.append(f"{node.get('filename')}:{node.get('line')}: {original}\n  {expanded}")
            lines += notes + [(thrown.text or "").strip() for thrown in node.iter("Exception")]
        notes = []
    for kind in ("Failure", "Exception", "FatalErrorCondition"):
        for node in case.findall(f".//{kind}"):
            lines.append(f"{node.get('filename')}:{node.get('line')}: {kind}: {(node.text or '').strip()}")
    return "\n".join(lines)


def read_report(text: str):
    """The test cases of a Catch2 XML report, whole or cut off by a crash, and the name of the one cut off."""
    try:
        return ElementTree.fromstring(text).iter("TestCase"), None
    except ElementTree.ParseError:
        pass
    whole = re.findall(r"<TestCase .*?</TestCase>", text, re.DOTALL)
    names = re.findall(r'<TestCase name="([^"]*)"', text)
    cut_off = names[len(whole)] if len(names) > len(whole) else "(at its end)"
    cases = []
    for part in whole:
        try:
            cases.append(ElementTree.fromstring(part))
        except ElementTree.ParseError:
            cut_off = "(its report is unreadable)"
    return cases, cut_off


def judge_exchanges(record: pathlib.Path, tally: Tally, *options: str) -> None:
    """Every HTTP exchange that the tests recorded must be one that api/openapi.yaml describes."""
    done = subprocess.run(["/usr/bin/python3", "tests/contract/validate.py", *options, "api/openapi.yaml", str(record)], cwd=ROOT,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode == 0:
        tally.passed += 1
        print("test: contract: " + done.stdout.strip().splitlines()[-1], flush=True)
    else:
        tally.fail("every recorded exchange fits the contract", done.stdout[-4000:])


@dataclasses.dataclass
class Run:
    """A test program under way. What it needs and says lies in `folder`."""
    program: pathlib.Path
    folder: pathlib.Path
    process: subprocess.Popen
    begun: float


def begin_run(program: pathlib.Path, spec, arguments, folder: pathlib.Path, table: pathlib.Path, has_own_log: bool) -> Run:
    # Service users (the tests drop to them) must get at the skip file's folder in no case: it stays 0700.
    folder.mkdir(mode=0o700)
    environment = {**os.environ, "SLUICE_SKIP_FILE": str(folder / "skips"),
                   "SLUICE_RECORD_HTTP": str(folder / "exchanges.jsonl"), "SLUICE_FAULT_TABLE": str(table)}
    if arguments.long:
        environment["SLUICE_LONG"] = "1"
    command = [str(program), "-r", "xml", "-o", str(folder / "report.xml"), *([spec] if spec else [])]
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log if has_own_log else None,
                                   stderr=subprocess.STDOUT if has_own_log else None)
    return Run(program, folder, process, time.monotonic())


def end_run(run: Run, arguments, tally: Tally) -> None:
    limit = run.begun + LIMIT_SECONDS[arguments.long] - time.monotonic()
    try:
        code = run.process.wait(timeout=max(0, limit))
    except subprocess.TimeoutExpired:
        run.process.kill()
        run.process.wait()
        code = "no end: killed at its limit"
    sys.stdout.write((run.folder / "log").read_text(errors="replace"))
    report, skip_file = run.folder / "report.xml", run.folder / "skips"
    text = report.read_text(errors="replace") if report.exists() else ""
    skips = [line.split("\t", 1) for line in skip_file.read_text().splitlines()] if skip_file.exists() else []
    skipped = {skip[0]: skip[-1] for skip in skips}
    cases, cut_off = read_report(text)
    failed_before = tally.failed
    for case in cases:
        title = case.get("name")
        outcome = case.find("OverallResult")
        if outcome is None or outcome.get("success") != "true":
            tally.fail(title, described(case))
        elif title in skipped:
            tally.skips.append((title, skipped[title]))
        else:
            tally.passed += 1
    if cut_off is not None:
        tally.fail(cut_off, f"{run.program.name} ended here: {code}")
    elif code != 0 and tally.failed == failed_before and not (arguments.filter and text.count("<TestCase ") == 0):
        tally.fail(f"{run.program.name}", f"exit code {code} without a failed test")


def run_suite(name: str, preset: str, arguments, tally: Tally, table: pathlib.Path) -> None:
    program = ROOT / "build" / preset / "bin" / SUITES[name]
    if not program.exists():
        tally.fail(f"{name} tests", f"there is no {program}")
        return
    print(f"test: {name} tests", flush=True)
    begun = time.monotonic()
    before = (tally.passed, tally.failed)
    # All of them mostly wait, those tagged [beside] up to an hour: three processes side by side; the last one's log is live, the
    # others say later what they said.
    specs = INTEGRATION_SPECS if name == "integration" and not arguments.filter else [arguments.filter]
    with tempfile.TemporaryDirectory(prefix="sluice-test-") as place:
        folder = pathlib.Path(place)
        runs = []
        try:
            for number, spec in enumerate(specs):
                is_last = number + 1 == len(specs)
                runs.append(begin_run(program, spec, arguments, folder / str(number), table, has_own_log=not is_last))
            for run in reversed(runs):
                end_run(run, arguments, tally)
            # Judged together: what one run does not ask for, the other does.
            records = [path for path in (run.folder / "exchanges.jsonl" for run in runs) if path.exists()]
            if records:
                together = folder / "exchanges.jsonl"
                together.write_bytes(b"".join(path.read_bytes() for path in records))
                judge_exchanges(together, tally)
        finally:
            for run in runs:
                run.process.kill()
                run.process.wait()
    print(f"test: {name}: {tally.passed - before[0]} passed, {tally.failed - before[1]} failed in "
          f"{time.monotonic() - begun:.0f} s", flush=True)


def run_stories(preset: str, tally: Tally) -> None:
    """Stories of the house, each on a site of its own with real cameras. They wait most of the time, so they run side by side."""
    print("test: stories", flush=True)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sluice-stories-") as place:
        record = pathlib.Path(place) / "exchanges.jsonl"
        environment = {**os.environ, "SLUICE_BIN": str(ROOT / "build" / preset / "bin"), "SLUICE_RECORD_HTTP": str(record),
                       "PYTHONDONTWRITEBYTECODE": "1"}
        stories = [path for path in sorted((ROOT / "tests" / "stories").iterdir())
                   if path.is_file() and os.access(path, os.X_OK)]
        told = [(path, subprocess.Popen([str(path)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
                for path in stories]
        for path, process in told:
            try:
                said = process.communicate(timeout=max(1, begun + STORY_LIMIT_SECONDS - time.monotonic()))[0]
            except subprocess.TimeoutExpired:
                process.terminate()
                said = process.communicate()[0] + "\nended at its limit"
            if process.returncode == 0:
                tally.passed += 1
            else:
                tally.fail(f"story {path.name}", said[-8000:])
        if record.exists():
            judge_exchanges(record, tally, "--partial")
    print(f"test: stories: {len(told)} told in {time.monotonic() - begun:.0f} s", flush=True)


def print_fault_table(table: pathlib.Path) -> None:
    """What the scenarios noted (tests/support/fault_table.hpp): fault, times, lost at worst, promise."""
    if not table.exists():
        return
    rows = [["fault", "times", "lost at worst", "promise"]]
    rows += sorted(line.split(" | ") for line in table.read_text().splitlines() if line.count(" | ") == 3)
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    for row in rows:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " | " + row[3])
        if row is rows[0]:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|---")


def checks(preset: str) -> dict:
    programs = ROOT / "build" / preset / "bin"
    scripts = [str(path) for path in sorted((ROOT / "scripts").iterdir()) + sorted((ROOT / ".ci").iterdir())
               if path.is_file() and path.read_bytes().startswith(b"#!/usr/bin/env bash")]
    python = [str(path) for path in sorted((ROOT / "scripts").rglob("*.py")) + sorted((ROOT / "tests/stories").iterdir())
              if path.is_file()]
    compiling = "import sys; [compile(open(f).read(), f, 'exec') for f in sys.argv[1:]]"
    return {
        "the include graph and the house rules hold": ["/usr/bin/python3", "scripts/check-includes.py"],
        "the checks find what they are there for": ["/usr/bin/python3", "tests/scripts/checks_test.py"],
        "the contract's validator finds what it is there for": ["/usr/bin/python3", "tests/contract/validate_test.py"],
        "every promise has a test": ["scripts/check-promises"],
        "shell scripts parse": ["bash", "-n", *scripts],
        "python scripts parse": ["/usr/bin/python3", "-c", compiling, *python],
        "scripts/setup lists what is installed here": ["scripts/setup", "--check"],
        "sluice up --dry-run shows its list of programs": [str(programs / "sluice"), "up", "--dry-run"],
    }


def run_checks(preset: str, tally: Tally) -> None:
    print("test: checks", flush=True)
    for name, command in checks(preset).items():
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode == 0:
            tally.passed += 1
        else:
            tally.fail(name, done.stdout)


def has_all_rights() -> bool:
    """Root with loop devices, FUSE and TUN: then nothing may be skipped."""
    devices = ("/dev/loop-control", "/dev/fuse", "/dev/net/tun")
    return os.geteuid() == 0 and all(os.path.exists(device) for device in devices)


def judge_skips(tally: Tally) -> int:
    lines = (ROOT / "tests" / "may-skip.txt").read_text().splitlines()
    allowed = {line.strip() for line in lines if line.strip() and not line.startswith("#")}
    counted = 0
    for name, reason in tally.skips:
        print(f"skipped  {name}: {reason}")
        if has_all_rights():
            tally.fail(name, "skipped, though this machine has every right it could need")
        elif name not in allowed:
            tally.fail(name, "skipped, but not listed in tests/may-skip.txt")
        else:
            counted += 1
    return counted


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--preset", default="dev")
    parser.add_argument("--suite", action="append", choices=[*SUITES, "stories", "checks"])
    parser.add_argument("--tally", help="also write the three numbers to this file, as JSON")
    parser.add_argument("filter", nargs="?")
    arguments = parser.parse_args()
    suites = arguments.suite or [*WHOLE, *([] if arguments.filter else ["stories", "checks"])]

    tally = Tally()
    # All suites need everything; one alone only itself and the programs that it starts.
    targets = [] if arguments.suite is None else sorted({SUITES[name] for name in suites if name in SUITES})
    if arguments.suite and targets != ["unit_tests"]:
        targets += PROGRAMS
    with tempfile.TemporaryDirectory(prefix="sluice-faults-") as folder:
        table = pathlib.Path(folder) / "table"
        if build(arguments.preset, targets):
            for name in suites:
                if name == "checks":
                    run_checks(arguments.preset, tally)
                elif name == "stories":
                    run_stories(arguments.preset, tally)
                else:
                    run_suite(name, arguments.preset, arguments, tally, table)
        else:
            tally.fail("the build")
        skipped = judge_skips(tally)
        print_fault_table(table)
    if arguments.tally:
        pathlib.Path(arguments.tally).write_text(json.dumps([tally.passed, tally.failed, skipped]))
    sys.stdout.flush()
    print(f"{tally.passed} passed, {tally.failed} failed, {skipped} skipped", flush=True)
    return 0 if tally.failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
