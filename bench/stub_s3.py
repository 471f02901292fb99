"""A stub of S3, which accepts PutObject and multipart uploads at the speed of a socket and discards them.

Replaces S3 where time and memory of the writing side are measured; product and alternatives write to the same stub.
"""

from __future__ import annotations

import contextlib
import re
import socketserver
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config

from bench.dynamodb import free_port
from bench.harness import PROJECT, CannotRunError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_STARTED: Final = (
    b'<?xml version="1.0"?><InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>'
)
_COMPLETED: Final = (
    b'<?xml version="1.0"?><CompleteMultipartUploadResult><ETag>"e"</ETag></CompleteMultipartUploadResult>'
)


class _Connection(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        scratch = memoryview(bytearray(1 << 20))
        received = b""
        while True:
            while b"\r\n\r\n" not in received:
                more = self.request.recv(65536)
                if not more:
                    return
                received += more
            head, _, received = received.partition(b"\r\n\r\n")
            length = _LENGTH.search(head)
            left = int(length[1]) - len(received) if length else 0
            received = b""
            if b"100-continue" in head.lower():
                self.request.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            while left > 0:
                left -= self.request.recv_into(scratch, min(left, len(scratch)))
            line = head.partition(b"\r\n")[0]
            body = b""
            if line.startswith(b"POST"):
                body = _STARTED if b"uploads" in line else _COMPLETED
            self.request.sendall(b'HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: %d\r\n\r\n' % len(body) + body)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def server() -> Iterator[str]:
    """Run the stub in a new process; yields its endpoint."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.stub_s3", str(port)], cwd=PROJECT)
    try:
        for _ in range(100):
            with contextlib.suppress(OSError):
                import socket  # noqa: PLC0415

                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            time.sleep(0.05)
        else:
            raise CannotRunError("the S3 stub did not start")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def client(endpoint: str) -> S3Client:
    """A client with the product's settings, as far as they affect performance."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="bench",
        aws_secret_access_key="bench",  # noqa: S106  # the stub does not check it
        config=Config(s3={"addressing_style": "path"}, max_pool_connections=16, signature_version="s3v4"),
    )


if __name__ == "__main__":
    with _Server(("127.0.0.1", int(sys.argv[1])), _Connection) as listening:
        listening.serve_forever()
