"""The forwarder between real sockets on the loopback interface."""

from __future__ import annotations

import asyncio
import contextlib

from local import forwarder

LARGE = bytes(range(256)) * 16_384  # 4 MiB, more than any buffer


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer what was sent, once the other side has no more to send."""
    writer.write(await reader.read())
    writer.write_eof()
    writer.close()


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.transport.abort()


def _port(server: asyncio.Server) -> int:
    port: int = server.sockets[0].getsockname()[1]
    return port


async def _ask(port: int, message: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(message)
        await writer.drain()
        writer.write_eof()
        return await reader.read()
    finally:
        writer.close()


def test_the_forwarder_handles_many_connections_in_both_directions() -> None:
    async def many() -> list[bytes]:
        target = await asyncio.start_server(_echo, "127.0.0.1", 0)
        front = await forwarder.serve("127.0.0.1", 0, _port(target))
        async with target, front:
            return await asyncio.gather(*(_ask(_port(front), bytes([number]) + LARGE) for number in range(8)))

    assert asyncio.run(many()) == [bytes([number]) + LARGE for number in range(8)]


def test_a_target_that_closes_or_is_gone_ends_the_connection() -> None:
    async def one(target_port: int) -> bytes:
        front = await forwarder.serve("127.0.0.1", 0, target_port)
        async with front:
            with contextlib.suppress(ConnectionError):
                return await asyncio.wait_for(_ask(_port(front), b"hello"), timeout=10)
        return b""

    async def both() -> tuple[bytes, bytes]:
        target = await asyncio.start_server(_hang_up, "127.0.0.1", 0)
        async with target:
            hung_up = await one(_port(target))
        return hung_up, await one(_port_that_was(target))

    ports: list[int] = []

    def _port_that_was(_server: asyncio.Server) -> int:
        return ports[0]

    async def gone() -> bytes:
        closed = await asyncio.start_server(_echo, "127.0.0.1", 0)
        ports.append(_port(closed))
        closed.close()
        await closed.wait_closed()
        return await one(ports[0])

    assert asyncio.run(gone()) == b""
    assert asyncio.run(both()) == (b"", b"")
