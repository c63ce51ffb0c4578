"""Draw the QR code of a pass as PNG or SVG, or as squares for the paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.errors import PassError

if TYPE_CHECKING:
    import segno

QUIET_ZONE = 4
"""Light modules on each side (ISO/IEC 18004)."""
_SUFFIXES = {".png", ".svg"}


def code(text: str) -> segno.QRCode:
    """Make the QR code of a pass: level M at least, which stands 15 % of dirt.

    Parameters
    ----------
    text
        The pass; all of it is in the alphanumeric mode's alphabet.
    """
    import segno  # noqa: PLC0415

    return segno.make_qr(text, error="m", mode="alphanumeric")


def draw(text: str, path: Path) -> None:
    """Write the QR code to a file.

    Parameters
    ----------
    text
        The pass.
    path
        Ends in `.png` or `.svg`.

    Raises
    ------
    PassError
        It ends otherwise, or cannot be written.
    """
    if path.suffix.lower() not in _SUFFIXES:
        raise PassError(f"{path}: a QR code is written as .png or .svg")
    try:
        code(text).save(str(path), kind=path.suffix[1:].lower(), scale=8, border=QUIET_ZONE)
    except OSError as error:
        raise PassError(f"{path} cannot be written: {error.strerror}") from None


def dark_runs(qr: segno.QRCode) -> Iterator[tuple[int, int, int]]:
    """Yield the dark stretches of a code as row, first column, number of modules."""
    for row, modules in enumerate(qr.matrix):
        start: int | None = None
        for column, dark in enumerate([*modules, 0]):
            if dark and start is None:
                start = column
            elif not dark and start is not None:
                yield row, start, column - start
                start = None
