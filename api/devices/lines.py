"""Read a body of lines as it comes in, no more of it than is worked on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from starlette.types import Message, Receive

from api.problems import Problem

MOST_LINES_AT_ONCE = 500
MOST_LINE_BYTES = 8_192
MOST_BYTES = 256 * 1_048_576
"""Longest body, in bytes."""
LONGEST_S = 3_600.0
"""Longest time that a body takes; who streams without end begins a new request now and then."""
SILENCE_S = 60.0
_PAUSE_S = 0.5
"""So long a line waits for others at most."""


async def read_lines(
    receive: Receive, *, silence_s: float = SILENCE_S, longest_s: float = LONGEST_S
) -> AsyncIterator[list[bytes]]:
    """Give the lines of a body in pieces, each once it is full or the sender pauses.

    Nothing more is read while a piece is worked on: TCP holds a faster sender back.

    Parameters
    ----------
    receive
        Where the body comes from.
    silence_s, longest_s
        How long the sender may be silent, and take in all, in seconds.

    Yields
    ------
    list of bytes
        Lines without their ends, empty ones among them.

    Raises
    ------
    Problem
        `bad_request`: the sender left, fell silent or takes too long. `too_large`: the body or a
        line is.
    """
    lines: list[bytes] = []
    rest, size = b"", 0
    ends_at = asyncio.get_running_loop().time() + longest_s
    waiting = asyncio.ensure_future(receive())
    try:
        while True:
            await asyncio.wait({waiting}, timeout=_PAUSE_S if lines else silence_s)
            if asyncio.get_running_loop().time() > ends_at:
                raise Problem("bad_request", f"a body takes at most {longest_s:.0f} s; begin anew")
            if not waiting.done():
                if not lines:
                    raise Problem("bad_request", f"nothing came for {silence_s:.0f} s")
                yield lines
                lines = []
                continue
            message = waiting.result()
            size += len(message.get("body", b""))
            *whole, rest = (rest + _body(message)).split(b"\n")
            lines += whole
            _refuse_large(size, (rest, *whole))
            while len(lines) >= MOST_LINES_AT_ONCE:
                yield lines[:MOST_LINES_AT_ONCE]
                lines = lines[MOST_LINES_AT_ONCE:]
            if not message.get("more_body"):
                break
            waiting = asyncio.ensure_future(receive())
    finally:
        waiting.cancel()
    if rest:
        lines.append(rest)
    if lines:
        yield lines


def _body(message: Message) -> bytes:
    if message["type"] == "http.disconnect":
        raise Problem("bad_request", "the client left before its request was whole")
    body: bytes = message.get("body", b"")
    return body


def _refuse_large(size: int, lines: Sequence[bytes]) -> None:
    if size > MOST_BYTES or max(map(len, lines)) > MOST_LINE_BYTES:
        detail = f"a line holds at most {MOST_LINE_BYTES} bytes, and all lines {MOST_BYTES}"
        raise Problem("too_large", detail)
