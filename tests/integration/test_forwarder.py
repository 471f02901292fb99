"""The forwarder with real sockets on the loopback interface."""

from __future__ import annotations

import asyncio
import contextlib

from local import forwarder

LARGE = bytes(range(256)) * 16_384  # 4 MiB, more than any buffer


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Return all received data at the end of the input."""
    writer.write(await reader.read())
    writer.write_eof()
    writer.close()


async def _abort(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.transport.abort()


def _port(server: asyncio.Server) -> int:
    port: int = server.sockets[0].getsockname()[1]
    return port


async def _exchange(port: int, message: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(message)
        await writer.drain()
        writer.write_eof()
        return await reader.read()
    finally:
        writer.close()


def test_the_forwarder_handles_many_connections_in_both_directions() -> None:
    async def connect_repeatedly() -> list[bytes]:
        target = await asyncio.start_server(_echo, "127.0.0.1", 0)
        listener = await forwarder.serve("127.0.0.1", 0, _port(target))
        async with target, listener:
            return await asyncio.gather(*(_exchange(_port(listener), bytes([number]) + LARGE) for number in range(8)))

    assert asyncio.run(connect_repeatedly()) == [bytes([number]) + LARGE for number in range(8)]


def test_a_target_that_closes_or_is_gone_ends_the_connection() -> None:
    async def connect_to(target_port: int) -> bytes:
        listener = await forwarder.serve("127.0.0.1", 0, target_port)
        async with listener:
            with contextlib.suppress(ConnectionError):
                return await asyncio.wait_for(_exchange(_port(listener), b"hello"), timeout=10)
        return b""

    async def aborted_then_closed() -> tuple[bytes, bytes]:
        target = await asyncio.start_server(_abort, "127.0.0.1", 0)
        async with target:
            aborted = await connect_to(_port(target))
        return aborted, await connect_to(_closed_port(target))

    ports: list[int] = []

    def _closed_port(_server: asyncio.Server) -> int:
        return ports[0]

    async def connect_to_closed_port() -> bytes:
        closed = await asyncio.start_server(_echo, "127.0.0.1", 0)
        ports.append(_port(closed))
        closed.close()
        await closed.wait_closed()
        return await connect_to(ports[0])

    assert asyncio.run(connect_to_closed_port()) == b""
    assert asyncio.run(aborted_then_closed()) == (b"", b"")
