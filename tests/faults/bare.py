"""The least a server could do: take batches over HTTP and insert their raw rows, each batch durable.

`python -m tests.faults.bare PORT FILE` serves `/v1/push` with head office's own server, body limits and packing, and
checks, decides and projects nothing: the floor under head office's intake (speed.py).
"""

import sqlite3
import sys

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from meterpos.headoffice.app import serve
from meterpos.headoffice.routes.body import read_body
from meterpos.sync import packing

TABLE = (
    "CREATE TABLE floor (entry_id BLOB PRIMARY KEY, stream BLOB, seq BIGINT, prev BLOB, kind TEXT, data BLOB, "
    "received_at TEXT)"
)


def make(file: str) -> FastAPI:
    """Return the server, its rows in a new SQLite file."""
    database = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    for sentence in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", TABLE):
        database.execute(sentence)
    app = FastAPI()
    taken = 0

    def insert(packed: bytes) -> None:
        nonlocal taken
        lines = packing.unpack(packed).split(b"\n")[2:-1]
        rows = [
            (seq.to_bytes(32, "big"), bytes(16), seq, bytes(32), "tender", data, "2026-11-20T06:41:07.123Z")
            for seq, data in enumerate(lines, start=taken)
        ]
        taken += len(rows)
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO floor VALUES (?,?,?,?,?,?,?)", rows)
        database.execute("COMMIT")

    @app.post("/v1/push")
    async def push(request: Request) -> Response:
        await run_in_threadpool(insert, await read_body(request))
        return Response(b"", media_type="application/octet-stream")

    return app


if __name__ == "__main__":
    serve(lambda: make(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]))
