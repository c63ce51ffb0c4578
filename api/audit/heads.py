"""Note the audit log's head apart from it, so that a cut end is found."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from api.audit.chronicle import chronicle
from api.problems import Problem
from schemas.audit import AuditHead
from schemas.model import format_time, parse_time

if TYPE_CHECKING:
    from api.desk import Desk

_log = logging.getLogger(__name__)

HEADS = "audit.head.v1"
_EVERY_S = 60.0
_AGAIN_S = 1.0


class Noted(NamedTuple):
    """A head that was noted: an entry's number and hash, and its time where it is known."""

    seq: int
    hash: str
    at: datetime | None = None


async def keep_noting(desk: Desk) -> None:
    """Write down that the process began, then note the head about every minute in which it moved.

    The first entry shuts out whoever wrote before, and spares the first request the wait for it.

    Parameters
    ----------
    desk
        What the process works with.
    """
    await _begin(desk)
    noted: AuditHead | None = None
    while True:
        await asyncio.sleep(_EVERY_S)
        noted = await note_head(desk, noted)


async def _begin(desk: Desk) -> None:
    """Write down that the process began; until that is done, it is not ready for anything else."""
    desk.audit.has_begun = False
    while True:
        try:
            await chronicle(desk, None, "process.started")
        except Problem:
            await asyncio.sleep(_AGAIN_S)
        else:
            desk.audit.has_begun = True
            return


async def note_head(desk: Desk, noted: AuditHead | None) -> AuditHead | None:
    """Note the head in the file, the log and its topic, unless it is the one noted before.

    Parameters
    ----------
    desk
        What the process works with.
    noted
        The head that was noted last.

    Returns
    -------
    AuditHead or None
        The head that is noted now.
    """
    head = desk.audit.head
    if head is None or (noted is not None and head.seq == noted.seq):
        return noted
    _log.info("audit head %s", line_of(head))
    if desk.config.heads_path is not None:
        try:
            await asyncio.to_thread(_add, desk.config.heads_path, line_of(head))
        except OSError as error:
            _log.error("the audit log's head cannot be noted: %s", error.strerror)
    with contextlib.suppress(Problem):  # Kafka is silent: the file and the log have it
        await desk.kept.put(HEADS, head)
    return head


def line_of(head: AuditHead) -> str:
    """Write a head as `SEQ:HASH TIME`."""
    return f"{head.seq}:{head.hash} {format_time(head.at)}"


def read_heads(path: Path) -> list[Noted]:
    """Read the heads that were noted in a file, one a line.

    Parameters
    ----------
    path
        The file; where there is none, none were noted.
    """
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return [head for line in lines if (head := parse_head(line))]


def parse_head(line: str) -> Noted | None:
    """Read `SEQ:HASH`, with or without a time behind it; None where it is none."""
    text, _, time = line.strip().partition(" ")
    seq, _, noted = text.partition(":")
    if not (seq.isdecimal() and len(seq) <= 18 and len(noted) == 64):
        return None
    try:
        at = parse_time(time) if time else None
    except ValueError:
        at = None
    return Noted(int(seq), noted.lower(), at)


def _add(path: Path, line: str) -> None:
    with path.open("a", encoding="ascii") as file:
        file.write(f"{line}\n")
