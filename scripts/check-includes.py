#!/usr/bin/python3
"""The include graph of docs/architecture and the rules that no compiler checks. Prints each fault as file:line."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
# Who may include whom, by the first folder of the path.
MAY_INCLUDE = {
    "config": {"config"},
    "storage": {"config", "storage"},
    "daemon": {"config", "storage", "daemon"},
    "api": {"config", "storage", "api"},
    "jobs": {"config", "storage", "jobs"},
    "cli": {"config", "storage", "jobs", "cli"},
}
# Libraries with one home each.
HOMES = {
    r"<pqxx/": ["storage/catalogue/"],
    r"<boost/(beast|asio)": ["api/"],
    r"<libav|<libsw": ["daemon/", "storage/clip/", "storage/contractor/"],
    r"<toml\+\+": ["config/"],
    r"<CLI/": ["cli/main.cpp", "cli/line"],
    r"<curl/": ["cli/witness/", "jobs/notify/", "jobs/xvr/"],
    r"<(pango|cairo)": ["storage/print/"],
    r"<archive": ["storage/print/"],
    r"<sodium": ["storage/ledger/", "storage/account/"],
    r"<unicode/": ["storage/account/"],
}
NOT_IN_HEADERS = [r"<nlohmann/json\.hpp>", r"<pqxx/", r"<boost/beast", r"<libav", r"<toml\+\+", r"<CLI/", r"<curl/"]
SQL = re.compile(
    r"\b(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|TRUNCATE\s|SET\s+ROLE"
    r"|(CREATE|ALTER|DROP)\s+(TABLE|ROLE|DATABASE|INDEX|FUNCTION|SCHEMA))\b", re.IGNORECASE | re.DOTALL)
RAW_STRING = re.compile(r'R"(\w*)\((.*?)\)\1"', re.DOTALL)
STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
COMMENT = re.compile(r'//[^\n]*|/\*.*?\*/|(R"(\w*)\(.*?\)\2"|"(?:[^"\\\n]|\\.)*")', re.DOTALL)


def without_comments(text: str) -> str:
    """Comments become blanks of the same lines; strings stay."""
    def blank(match):
        return match.group(0) if match.group(1) else re.sub(r"[^\n]", " ", match.group(0))
    return COMMENT.sub(blank, text)


def without_strings(code: str) -> str:
    keep_lines = lambda match: '"' + "\n" * match.group(0).count("\n") + '"'  # noqa: E731
    return STRING.sub('""', RAW_STRING.sub(keep_lines, code))


def line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def include_faults(path: str, code: str):
    top, folder = path.split("/")[0], path.rsplit("/", 1)[0]
    is_header = path.endswith(".hpp")
    is_detail = "/detail/" in path
    for match in re.finditer(r'^\s*#\s*include\s+(["<][^">]+[">])', code, re.MULTILINE):
        line, target = line_of(code, match.start(1)), match.group(1)
        if target.startswith('"'):
            name = target.strip('"')
            if name.split("/")[0] not in MAY_INCLUDE[top]:
                yield line, f"{top}/ may not include {name}"
            if path.startswith("config/base/") and not name.startswith("config/base/"):
                yield line, f"config/base/ may not include {name}"
            home = name.split("/detail/")[0]
            if "/detail/" in name and folder.removesuffix("/detail") != home:
                yield line, f"{name} is private to {home}/"
        for pattern, homes in HOMES.items():
            if re.match(pattern, target) and not any(path.startswith(home) for home in homes):
                yield line, f"{target} belongs to {' or '.join(homes)} alone"
        if is_header and not is_detail:
            for pattern in NOT_IN_HEADERS:
                if re.match(pattern, target) and not path.startswith("api/http/"):
                    yield line, f"{target} is too heavy for a header"


def rule_faults(path: str, code: str):
    bare = without_strings(code)
    if path.endswith(".hpp") and "#pragma once" not in code:
        yield 1, "a header begins with #pragma once"
    if not path.endswith("_repository.cpp"):
        for match in [*RAW_STRING.finditer(code), *STRING.finditer(RAW_STRING.sub('""', code))]:
            if SQL.search(match.group(0)):
                yield line_of(code, match.start()), "SQL outside a *_repository.cpp"
    for match in re.finditer(r"\b(asio::)?detached\b", bare):
        yield line_of(bare, match.start()), "`detached` swallows exceptions: every coroutine has a parent"
    if path != "config/base/time.cpp":
        for match in re.finditer(r"system_clock::now", bare):
            yield line_of(bare, match.start()), "wall time comes from Clock (config/base/time.hpp)"
    for match in re.finditer(r"catch\s*\(\s*\.\.\.\s*\)", bare):
        yield line_of(bare, match.start()), "`catch (...)` hides what it catches"


def faults(path: str, text: str):
    """All faults of one file, as (line, what)."""
    code = without_comments(text)
    yield from include_faults(path, code)
    yield from rule_faults(path, code)


def main() -> int:
    count = 0
    for top in MAY_INCLUDE:
        for file in sorted((ROOT / top).rglob("*.[ch]pp")):
            path = file.relative_to(ROOT).as_posix()
            for line, what in faults(path, file.read_text()):
                print(f"{path}:{line}: {what}")
                count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
