"""Print a pass on A4: the plate in large letters, the code large enough for a bad camera."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from infra.passes.picture import QUIET_ZONE, code, dark_runs
from schemas.errors import PassError
from schemas.passes.claims import Pass
from schemas.passes.words import LOCAL

_MM = 72 / 25.4
_WIDTH, _HEIGHT = 210 * _MM, 297 * _MM
CODE_MM = 125
"""The side of the QR code with its quiet zone: modules of about 1.8 mm."""
_PLAIN, _BOLD = "BeVietnamPro", "BeVietnamPro-Bold"
_LEFT, _RIGHT = 20, 190  # mm, the margins of the text
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
    size = 64.0
    while _width(claims.plate, _BOLD, size) > (_RIGHT - _LEFT) * _MM:
        size -= 2
    _write(canvas, _BOLD, size, 238, claims.plate)
    row = 224.0
    for vietnamese, english, value in _rows(claims):
        _write(canvas, _PLAIN, 10, row, f"{vietnamese} · {english}", grey=_LIGHT)
        size = 14.0
        while _width(value, _BOLD, size) > (_RIGHT - _LEFT) * _MM and size > 6:
            size -= 1
        _write(canvas, _BOLD, size, row - 6, value)
        row -= 14.5
    _draw_code(canvas, text, left_mm=(210 - CODE_MM) / 2, bottom_mm=row - CODE_MM + 6)
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


def _draw_code(canvas: Any, text: str, *, left_mm: float, bottom_mm: float) -> None:
    qr = code(text)
    modules = len(qr.matrix)
    module = CODE_MM * _MM / (modules + 2 * QUIET_ZONE)
    left, top = left_mm * _MM + QUIET_ZONE * module, (bottom_mm + CODE_MM) * _MM
    top -= QUIET_ZONE * module
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


def _width(text: str, font: str, size: float) -> float:
    from reportlab.pdfbase.pdfmetrics import stringWidth  # noqa: PLC0415

    return float(stringWidth(text, font, size))


@cache
def _fonts() -> None:
    import fontpkg_be_vietnam_pro  # noqa: PLC0415
    from reportlab.pdfbase.pdfmetrics import registerFont  # noqa: PLC0415
    from reportlab.pdfbase.ttfonts import TTFont  # noqa: PLC0415

    files = fontpkg_be_vietnam_pro.ROOT / "files"
    registerFont(TTFont(_PLAIN, str(files / "BeVietnamPro-Regular.ttf")))
    registerFont(TTFont(_BOLD, str(files / "BeVietnamPro-Bold.ttf")))
