"""A client as lean as the other sides: one socket, requests as bytes, no more parsing than the answer needs."""
import socket

from .common import Void


class Http:
    """One keep-alive connection."""

    def __init__(self, port, token="", header=""):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        header = f"Authorization: Bearer {token}" if token else header
        self.authorization = f"{header}\r\n" if header else ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, path):
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{self.authorization}\r\n".encode())

    def read_head(self, path):
        """Headers by lower-case name, and what came of the body with them. Anything but 200 and 201 is void."""
        data = b""
        while b"\r\n\r\n" not in data:
            got = self.socket.recv(1 << 16)
            if not got:
                raise Void(f"{path}: the connection ended")
            data += got
        head, body = data.split(b"\r\n\r\n", 1)
        status, *lines = head.decode("latin-1").split("\r\n")
        if status.split()[1] not in ("200", "201"):
            raise Void(f"{path}: {status} {body[:300]!r}")
        return {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}, body

    def get(self, path):
        self.send(path)
        return self.read(path)

    def post(self, path, kind, body):
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{self.authorization}Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        self.socket.sendall(head.encode() + body)
        return self.read(path)

    def read(self, path):
        headers, body = self.read_head(path)
        length = int(headers["content-length"])
        pieces, left = [body], length - len(body)
        while left > 0:
            got = self.socket.recv(min(left, 1 << 20))
            if not got:
                raise Void(f"{path}: {length - left} of {length} bytes")
            pieces.append(got)
            left -= len(got)
        return b"".join(pieces)
