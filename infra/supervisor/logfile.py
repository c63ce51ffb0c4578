"""Append a process's output to one file, keep that file small, and quote from it."""

import os
import shutil
from pathlib import Path

MOST_BYTES = 20_000_000
"""Size from which a log is set aside as `NAME.log.1`; an older one of that name is dropped."""

_QUOTED_BYTES = 16_384
_LINE_CHARS = 300
_TELLING = (" ERROR ", " FATAL ", "Error", "Exception", "harvestlane: ")


def open_for_append(path: Path) -> int:
    """Open a log file so that every write lands at its end, also after it was cut.

    Parameters
    ----------
    path
        The file; its folder is made.

    Returns
    -------
    int
        The descriptor, to be closed by the caller.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)


def trim(path: Path, most_bytes: int = MOST_BYTES) -> bool:
    """Set a log aside once it is too long; its writer goes on in the emptied file.

    Parameters
    ----------
    path
        The log file.
    most_bytes
        Size up to which it is left alone.

    Returns
    -------
    bool
        Whether it was set aside.
    """
    if size(path) <= most_bytes:
        return False
    shutil.copyfile(path, path.with_name(path.name + ".1"))
    os.truncate(path, 0)
    return True


def size(path: Path) -> int:
    """Return the size of a file in bytes, 0 where there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def last_words(path: Path, since: int = 0) -> str:
    """Quote the one line of a log that best says why its process ended.

    Parameters
    ----------
    path
        The log file.
    since
        Offset at which the process's own lines begin.

    Returns
    -------
    str
        The last line that speaks of an error, else the last line, else an empty string.
    """
    try:
        with path.open("rb") as file:
            file.seek(max(min(since, size(path)), size(path) - _QUOTED_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if any(word in line for word in _TELLING)]
    return (telling or lines or [""])[-1][:_LINE_CHARS]
