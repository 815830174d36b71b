#!/usr/bin/python3
"""The audit log once more, written from the specifications alone (RFC 6962 section 2.1, RFC 8785, C2SP signed-note,
tlog-checkpoint, tlog-cosignature, tlog-tiles). It shares no line with the program that it judges.

  independent.py vectors FILE   compare what the C++ code says with what is computed here; print notes made here
  independent.py export DIR     verify an export of the log: records, leaves, tiles, checkpoint, witness
"""
import base64
import hashlib
import hmac
import json
import pathlib
import struct
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def mth(entries: list) -> bytes:
    """RFC 6962 2.1, as it stands there."""
    if not entries:
        return sha(b"")
    if len(entries) == 1:
        return sha(b"\0" + entries[0])
    k = split(len(entries))
    return sha(b"\1" + mth(entries[:k]) + mth(entries[k:]))


def split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def path(m: int, entries: list) -> list:
    """RFC 6962 2.1.1."""
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if m < k:
        return path(m, entries[:k]) + [mth(entries[k:])]
    return path(m - k, entries[k:]) + [mth(entries[:k])]


def subproof(m: int, entries: list, whole: bool) -> list:
    """RFC 6962 2.1.2."""
    n = len(entries)
    if m == n:
        return [] if whole else [mth(entries)]
    k = split(n)
    if m <= k:
        return subproof(m, entries[:k], whole) + [mth(entries[k:])]
    return subproof(m - k, entries[k:], False) + [mth(entries[:k])]


def canonical(value) -> str:
    """RFC 8785 for values without fractions."""
    if isinstance(value, dict):
        members = sorted(value.items(), key=lambda item: item[0].encode("utf-16-be"))
        return "{" + ",".join(canonical(name) + ":" + canonical(member) for name, member in members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(element) for element in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def key_id(name: str, kind: int, public: bytes) -> bytes:
    return sha(name.encode() + b"\n" + bytes([kind]) + public)[:4]


def verifier(text: str):
    """name, kind, public key of "name+id+base64"."""
    name, identity, data = text.strip().split("+", 2)
    raw = base64.b64decode(data, validate=True)
    assert key_id(name, raw[0], raw[1:]).hex() == identity, "the id is not the key's"
    return name, raw[0], raw[1:]


def open_note(note: str, key: str):
    """The text once `key` has signed it, and for a witness the time; None when it has not."""
    text, _, lines = note.rpartition("\n\n")
    text += "\n"
    name, kind, public = verifier(key)
    for line in lines.splitlines():
        dash, signer, data = line.split(" ")
        raw = base64.b64decode(data, validate=True)
        if dash != "\u2014" or signer != name or raw[:4] != key_id(name, kind, public):
            continue
        try:
            if kind == 1:
                Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], text.encode())
                return text, None
            seconds = struct.unpack(">Q", raw[4:12])[0]
            message = f"cosignature/v1\ntime {seconds}\n{text}"
            Ed25519PublicKey.from_public_bytes(public).verify(raw[12:], message.encode())
            return text, seconds
        except InvalidSignature:
            return None
    return None


def make_notes(text: str) -> dict:
    """A note of our own: signed by one key as a log, by another as a witness."""
    out = {"log": {}, "witness": {}}
    lines = ""
    for who, kind, name in (("log", 1, "python.example/log"), ("witness", 4, "python.example/witness")):
        private = Ed25519PrivateKey.from_private_bytes(sha(name.encode()))
        public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        message, stamp = text.encode(), b""
        if kind == 4:
            stamp, message = struct.pack(">Q", 1764100000), b"cosignature/v1\ntime 1764100000\n" + message
        data = key_id(name, kind, public) + stamp + private.sign(message)
        lines += f"\u2014 {name} {base64.b64encode(data).decode()}\n"
        out[who] = f"{name}+{key_id(name, kind, public).hex()}+{base64.b64encode(bytes([kind]) + public).decode()}"
    out["note"] = text + "\n" + lines
    return out


def vectors(file: str) -> None:
    given = json.loads(pathlib.Path(file).read_text())
    for tree in given["trees"]:
        entries = [bytes.fromhex(leaf) for leaf in tree["leaves"]]
        assert mth(entries).hex() == tree["root"], f"root of {len(entries)}"
    entries = [bytes.fromhex(leaf) for leaf in given["proofs"]["leaves"]]
    count = 0
    for proof in given["proofs"]["inclusion"]:
        want = path(proof["index"], entries[:proof["size"]])
        assert [hash.hex() for hash in want] == proof["hashes"], proof
        count += 1
    for proof in given["proofs"]["consistency"]:
        want = subproof(proof["old"], entries[:proof["size"]], True) if proof["old"] else []
        assert [hash.hex() for hash in want] == proof["hashes"], proof
        count += 1
    assert count == 64 * 65 // 2 + 65 * 66 // 2, f"{count} proofs"
    for record in given["records"]:
        assert canonical(json.loads(record["text"])) == record["text"], record
        assert hmac.digest(bytes.fromhex(record["salt"]), record["text"].encode(), "sha256").hex() == record["leaf"]
    text, _ = open_note(given["note"], given["log_key"])
    assert text == given["text"]
    assert open_note(given["note"], given["witness_key"]) == (text, given["seconds"])
    assert open_note(given["note"].replace(text, text.replace("7", "8"), 1), given["log_key"]) is None
    print(json.dumps(make_notes("python.example/log\n7\n" + base64.b64encode(mth([b"x"])).decode() + "\n")))


def tile_name(number: int) -> str:
    name = f"{number % 1000:03}"
    while number >= 1000:
        number //= 1000
        name = f"x{number % 1000:03}/{name}"
    return name


def read_tiles(folder: pathlib.Path, kind: str, count: int) -> bytes:
    data = b""
    for number in range((count + 255) // 256):
        width = min(256, count - number * 256)
        data += (folder / "tile" / kind / (tile_name(number) + ("" if width == 256 else f".p/{width}"))).read_bytes()
    return data


def export(directory: str) -> None:
    folder = pathlib.Path(directory)
    text, _ = open_note((folder / "checkpoint").read_text(), (folder / "log.vkey").read_text())
    _, size_text, root = text.splitlines()[:3]
    size = int(size_text)
    bundle = read_tiles(folder, "entries", size)
    assert len(bundle) == 34 * size
    entries = [bundle[at + 2:at + 34] for at in range(0, len(bundle), 34)]
    assert all(bundle[at:at + 2] == b"\0\x20" for at in range(0, len(bundle), 34))
    assert base64.b64encode(mth(entries)).decode() == root, "root"
    level, hashes = 0, [sha(b"\0" + entry) for entry in entries]
    while hashes:
        assert read_tiles(folder, str(level), len(hashes)) == b"".join(hashes), f"tiles of level {level}"
        level += 1
        whole = range(0, len(entries) - 256**level + 1, 256**level)
        hashes = [mth(entries[at:at + 256**level]) for at in whole]
    erased = 0
    for index, line in enumerate((folder / "records.jsonl").read_text().splitlines()):
        row = json.loads(line)
        assert row["index"] == index
        if row["record"] is None:
            erased += 1
            continue
        assert canonical(json.loads(row["record"])) == row["record"]
        assert hmac.digest(bytes.fromhex(row["salt"]), row["record"].encode(), "sha256") == entries[index], index
    assert index + 1 == size if size else True
    print(f"{size} records, {erased} erased")


if __name__ == "__main__":
    {"vectors": vectors, "export": export}[sys.argv[1]](sys.argv[2])
