"""A line to a head office far away: every byte takes half a round trip, and opening a connection takes a whole one.

`python -m tests.faults.far SERVER_PORT ROUND_TRIP_MS [BITS_S [CUT_EVERY_S]]` serves in a process of its own, so that
carrying bytes takes nothing from the till that is measured; it prints its port. A line of so many bits a second carries
them one after another in each direction; one that is cut loses every connection, and what is under way, each so often.
"""

import asyncio
import sys
from typing import Final

PIECE: Final = 256 * 1024
NARROW_PIECE: Final = 1024


class FarLine:
    """A proxy that lets bytes arrive late, however many are on their way."""

    def __init__(
        self, server_port: int, round_trip_s: float, bits_s: float = float("inf"), cut_every_s: float = 0
    ) -> None:
        self._server_port = server_port
        self._half_s = round_trip_s / 2
        self._bits_s, self._cut_every_s = bits_s, cut_every_s
        self._under_way: set[asyncio.Task[None]] = set()
        self._ends: set[asyncio.StreamWriter] = set()

    async def serve(self) -> None:
        """Serve until the process is ended."""
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0, limit=PIECE)
        print(server.sockets[0].getsockname()[1], flush=True)
        while self._cut_every_s:
            await asyncio.sleep(self._cut_every_s)
            for task in self._under_way:
                task.cancel()
            for end in self._ends:
                end.transport.abort()
        await server.serve_forever()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(2 * self._half_s)  # its handshake
        theirs, ours = await asyncio.open_connection("127.0.0.1", self._server_port, limit=PIECE)
        ways = (self._pump(reader, ours), self._pump(theirs, writer))
        self._ends |= {ours, writer}
        await asyncio.gather(*ways, return_exceptions=True)
        self._ends -= {ours, writer}

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        on_its_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        arriving = asyncio.create_task(_arrive(on_its_way, sink))
        self._under_way.add(arriving)
        free_at = loop.time()
        while piece := await source.read(PIECE if self._bits_s == float("inf") else NARROW_PIECE):
            free_at = max(free_at, loop.time()) + len(piece) * 8 / self._bits_s
            on_its_way.put_nowait((free_at + self._half_s, piece))
        on_its_way.put_nowait((loop.time() + self._half_s, b""))
        await arriving
        self._under_way.discard(arriving)


async def _arrive(on_its_way: "asyncio.Queue[tuple[float, bytes]]", sink: asyncio.StreamWriter) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due, piece = await on_its_way.get()
        await asyncio.sleep(max(due - loop.time(), 0))
        if not piece:
            sink.close()
            return
        sink.write(piece)
        await sink.drain()


if __name__ == "__main__":
    port, round_trip_ms, *rest = sys.argv[1:]
    asyncio.run(FarLine(int(port), float(round_trip_ms) / 1000, *map(float, rest)).serve())
