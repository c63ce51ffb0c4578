"""Print a pass on A4: the plate in large letters, the code large enough for a bad camera."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from infra.passes.picture import QUIET_ZONE, code, dark_runs
from schemas.errors import PassError
from schemas.model import LOCAL
from schemas.passes.claims import Pass

_MM = 72 / 25.4
_WIDTH, _HEIGHT = 210 * _MM, 297 * _MM
CODE_MM = 125
"""The side of the QR code with its quiet zone, where there is room: modules of about 1.8 mm."""
_PLAIN, _BOLD = "BeVietnamPro", "BeVietnamPro-Bold"
_LEFT, _TEXT_MM, _LINE_MM, _FOOT_MM = 20, 170, 4.5, 25
_LIGHT = 0.35  # grey of the English words


def write_pdf(claims: Pass, text: str, path: Path) -> None:
    """Write the sheet.

    Parameters
    ----------
    claims
        What the pass says.
    text
        The pass as its QR code holds it.
    path
        Where to.

    Raises
    ------
    PassError
        The file cannot be written.
    """
    try:
        path.write_bytes(sheet(claims, text))
    except OSError as error:
        raise PassError(f"{path} cannot be written: {error.strerror}") from None


def sheet(claims: Pass, text: str) -> bytes:
    """Draw the sheet: the same bytes for the same pass.

    Parameters
    ----------
    claims, text
        As for `write_pdf`.
    """
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415 - heavy

    _fonts()
    written = BytesIO()
    canvas = Canvas(written, pagesize=(_WIDTH, _HEIGHT), invariant=1, pageCompression=1)
    canvas.setTitle(f"Giấy đi đường {claims.plate}")
    canvas.setAuthor(claims.issuer)
    _write(canvas, _BOLD, 24, 270, "GIẤY ĐI ĐƯỜNG")
    _write(canvas, _PLAIN, 11, 263, "Pass for one vehicle on one corridor", grey=_LIGHT)
    _write(canvas, _BOLD, _fitting(claims.plate, 64, 20), 238, claims.plate)
    row = 224.0
    for vietnamese, english, value in _rows(claims):
        _write(canvas, _PLAIN, 10, row, f"{vietnamese} · {english}", grey=_LIGHT)
        size = _fitting(value, 14, 9)
        lines = _lines(value, size)
        for number, line in enumerate(lines):
            _write(canvas, _BOLD, size, row - 6 - number * _LINE_MM, line)
        row -= 14.5 + (len(lines) - 1) * _LINE_MM
    _draw_code(canvas, text, top_mm=row + 6)
    _write(
        canvas, _PLAIN, 9, 20,
        "Cán bộ chốt: quét mã để kiểm tra, không cần mạng; so biển số với xe.",
    )  # fmt: skip
    _write(
        canvas, _PLAIN, 9, 15.5, "Officers: scan the code, no network needed; compare the plate.",
        grey=_LIGHT,
    )  # fmt: skip
    canvas.showPage()
    canvas.save()
    return written.getvalue()


def _rows(claims: Pass) -> list[tuple[str, str, str]]:
    start, end, issued = (
        f"{when.astimezone(LOCAL):%H:%M %d/%m/%Y}"
        for when in (claims.valid_from, claims.valid_until, claims.issued_at)
    )
    rows = [
        ("Cung đường", "corridor", claims.corridor_id),
        ("Hiệu lực (giờ Việt Nam)", "valid, Vietnam time", f"{start} – {end}"),
    ]
    if claims.permits:
        rows.append(("Loại giấy phép", "permit classes", ", ".join(claims.permits)))
    rows.append(("Nơi cấp, số", "issuer, number", f"{claims.issuer} · {claims.pass_id} · {issued}"))
    return rows


def _draw_code(canvas: Any, text: str, *, top_mm: float) -> None:
    qr = code(text)
    side_mm = min(CODE_MM, top_mm - _FOOT_MM)
    module = side_mm * _MM / (len(qr.matrix) + 2 * QUIET_ZONE)
    left = (210 - side_mm) / 2 * _MM + QUIET_ZONE * module
    top = top_mm * _MM - QUIET_ZONE * module
    canvas.setFillGray(0)
    for row, column, length in dark_runs(qr):
        # a hair taller, so that no light line shows between two rows
        canvas.rect(
            left + column * module,
            top - (row + 1) * module,
            length * module,
            module * 1.01,
            stroke=0,
            fill=1,
        )


def _write(canvas: Any, font: str, size: float, y_mm: float, text: str, *, grey: float = 0) -> None:
    canvas.setFillGray(grey)
    canvas.setFont(font, size)
    canvas.drawString(_LEFT * _MM, y_mm * _MM, text)


def _fitting(text: str, size: int, least: int) -> int:
    """Give the largest size in which a bold text stands on one line, but no less than the least."""
    from reportlab.pdfbase.pdfmetrics import stringWidth  # noqa: PLC0415

    while size > least and stringWidth(text, _BOLD, size) > _TEXT_MM * _MM:
        size -= 1
    return size


def _lines(text: str, size: int) -> list[str]:
    from reportlab.lib.utils import simpleSplit  # noqa: PLC0415

    return list(simpleSplit(text, _BOLD, size, _TEXT_MM * _MM))


@cache
def _fonts() -> None:
    import fontpkg_be_vietnam_pro  # noqa: PLC0415
    from reportlab.pdfbase.pdfmetrics import registerFont  # noqa: PLC0415
    from reportlab.pdfbase.ttfonts import TTFont  # noqa: PLC0415

    files = fontpkg_be_vietnam_pro.ROOT / "files"
    registerFont(TTFont(_PLAIN, str(files / "BeVietnamPro-Regular.ttf")))
    registerFont(TTFont(_BOLD, str(files / "BeVietnamPro-Bold.ttf")))
