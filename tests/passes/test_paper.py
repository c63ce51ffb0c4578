"""What is printed can be read again by others, from paper, with dirt on it."""

import io
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageDraw

from infra.passes.paper import CODE_MM, sheet
from infra.passes.picture import QUIET_ZONE, code, draw
from schemas.errors import PassError
from schemas.passes import text as texts
from schemas.passes.verdict import issue
from tests.passes.world import KEYS, a_pass

CLAIMS = a_pass()
TEXT = issue(CLAIMS, KEYS["ES256"])


def _page(dpi: int) -> Image.Image:
    document = pypdfium2.PdfDocument(sheet(CLAIMS, TEXT))
    assert len(document) == 1
    width, height = document[0].get_size()
    assert (round(width / 72 * 25.4), round(height / 72 * 25.4)) == (210, 297)
    image: Image.Image = document[0].render(scale=dpi / 72).to_pil()
    return image.convert("L")


def _read(image: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(image)]


def test_the_code_on_the_sheet_is_the_pass() -> None:
    assert _read(_page(150)) == [TEXT]


def test_the_code_is_read_from_a_poor_picture_with_a_stain() -> None:
    page = _page(150)
    found = zxingcpp.read_barcodes(page)[0].position
    x, y = found.top_left.x + 150, found.top_left.y + 250
    ImageDraw.Draw(page).ellipse((x, y, x + 70, y + 70), fill=90)
    assert _read(page.resize((page.width // 3, page.height // 3)).rotate(4, fillcolor=255)) == [
        TEXT
    ]


def test_the_code_is_large_and_has_its_quiet_zone() -> None:
    modules = len(code(TEXT).matrix)
    assert CODE_MM / (modules + 2 * QUIET_ZONE) >= 1.5
    page = _page(150)
    corner = zxingcpp.read_barcodes(page)[0].position
    module = (corner.top_right.x - corner.top_left.x) / modules
    quiet = int(QUIET_ZONE * module) - 1
    around = page.crop(
        (
            corner.top_left.x - quiet,
            corner.top_left.y - quiet,
            corner.bottom_right.x + quiet,
            corner.bottom_right.y + quiet,
        )
    )
    inside = (quiet - 2, quiet - 2, around.width - quiet + 2, around.height - quiet + 2)
    around.paste(255, inside)
    assert around.getextrema() == (255, 255)


def test_the_sheet_says_the_pass_in_vietnamese_first() -> None:
    document = pypdfium2.PdfDocument(sheet(CLAIMS, TEXT))
    said = document[0].get_textpage().get_text_range()
    lines = [line.strip() for line in said.splitlines()]
    assert lines[0] == "GIẤY ĐI ĐƯỜNG"
    assert lines[2] == "68C-123.45"
    assert "tac-cau--cai-cui" in lines
    assert "07:00 20/08/2021 – 07:00 27/08/2021" in lines
    assert "chilled, seafood" in lines
    assert "Cán bộ chốt: quét mã để kiểm tra" in said


def test_the_longest_pass_fits_on_the_sheet() -> None:
    longest = a_pass(
        plate="68MĐ1-123.456",
        corridor_id="c" * 64,
        truck_id="t" * 64,
        permits=tuple(f"permit-{n:02}-{'x' * 20}" for n in range(10)),
    )
    text = issue(longest, KEYS["ES256"])
    page = pypdfium2.PdfDocument(sheet(longest, text))[0].render(scale=2).to_pil()
    assert _read(page) == [text]
    assert page.convert("L").crop((2 * 540, 0, page.width, page.height)).getextrema()[0] == 255


def test_the_same_pass_gives_the_same_sheet() -> None:
    assert sheet(CLAIMS, TEXT) == sheet(CLAIMS, TEXT)


def test_a_picture_is_read_again(tmp_path: Path) -> None:
    draw(TEXT, tmp_path / "code.png")
    assert _read(Image.open(io.BytesIO((tmp_path / "code.png").read_bytes()))) == [TEXT]
    draw(TEXT, tmp_path / "code.svg")
    assert "<svg" in (tmp_path / "code.svg").read_text(encoding="utf-8")
    for name in ("code.pdf", "none/code.png"):
        with pytest.raises(PassError):
            draw(TEXT, tmp_path / name)


def test_a_pass_is_short() -> None:
    for claims, most, version in ((CLAIMS, 210, 11), (a_pass(permits=(), truck_id=None), 180, 10)):
        text = issue(claims, KEYS["ES256"])
        assert len(texts.unwrap(text, texts.PASS)) <= most
        assert len(text) <= 330
        assert int(code(text).version) <= version
