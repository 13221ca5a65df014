"""Reading a request's body with a limit on its size and on silence, whatever its headers promise."""

import asyncio
from typing import Final

from starlette.requests import ClientDisconnect, Request

from meterpos.headoffice.problems import Problem
from meterpos.sync.packing import PACKED_BYTES_MAX

SILENCE_MAX_S: Final = 60


async def read_body(request: Request, *, bytes_max: int = PACKED_BYTES_MAX) -> bytes:
    """Return the body. Raises: Problem when it is too large, stalls or breaks off."""
    parts: list[bytes] = []
    size = 0
    stream = request.stream()
    try:
        while True:
            async with asyncio.timeout(SILENCE_MAX_S):
                part = await anext(stream, None)
            if part is None:
                return b"".join(parts)
            size += len(part)
            if size > bytes_max:
                raise Problem(413, "size", f"More than {bytes_max} bytes. Send less at once.")
            parts.append(part)
    except TimeoutError as error:
        raise Problem(408, "silence", "The line was silent for too long. Send again.") from error
    except ClientDisconnect as error:
        raise Problem(400, "broken", "The line broke. Send again.") from error
