"""Test that sealed texts are read by their keys alone, where they belong, while there are any."""

import base64
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.personal.ring import KeyRing
from schemas.errors import HarvestlaneError

AT = datetime(2026, 12, 1, tzinfo=UTC)


@given(text=st.binary(max_size=200), about=st.text(max_size=20))
def test_a_sealed_text_reads_as_it_was(text: bytes, about: str) -> None:
    ring = KeyRing()
    sealed = ring.seal("person", text, about)
    assert ring.unseal("person", sealed, about) == text
    assert sealed.isascii()


def test_a_text_with_any_bit_changed_is_refused() -> None:
    ring = KeyRing()
    head, _, body = ring.seal("person", b"Tran Van A", "p1").rpartition(".")
    raw = base64.urlsafe_b64decode(body)
    for bit in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(HarvestlaneError):
            ring.unseal("person", f"{head}.{base64.urlsafe_b64encode(changed).decode()}", "p1")


@pytest.mark.parametrize(("use", "about"), [("address", "p1"), ("person", "p2")])
def test_a_text_that_was_moved_is_refused(use: str, about: str) -> None:
    ring = KeyRing()
    with pytest.raises(HarvestlaneError):
        ring.unseal(use, ring.seal("person", b"x", "p1"), about)


@pytest.mark.parametrize("text", ["", "x", "hls1.abc", "hls2.a.b", "plain text."])
def test_a_text_that_was_never_sealed_is_refused(text: str) -> None:
    with pytest.raises(HarvestlaneError):
        KeyRing().unseal("person", text, "p1")


def test_the_file_is_its_owners_only_and_another_process_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "personal.keys"
    late = KeyRing(path)
    ring = KeyRing(path)
    sealed = ring.seal("person", b"x", "p1")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert KeyRing(path).unseal("person", sealed, "p1") == b"x"
    assert late.unseal("person", sealed, "p1") == b"x"
    assert [each.name for each in tmp_path.iterdir()] == ["personal.keys"]


def test_a_new_key_seals_and_the_old_one_still_reads_until_it_is_thrown_away() -> None:
    ring = KeyRing(now=lambda: AT)
    old = ring.seal("person", b"x", "p1")
    ring.turn("person", at=AT + timedelta(days=1))
    new = ring.seal("person", b"x", "p1")
    assert ring.sealed_by(old) != ring.sealed_by(new)
    assert ring.unseal("person", old, "p1") == b"x"
    assert ring.forget("person", AT + timedelta(hours=1)) == 1
    assert ring.unseal("person", old, "p1") is None
    assert ring.unseal("person", new, "p1") == b"x"


def test_the_newest_key_and_those_of_other_uses_are_never_thrown_away() -> None:
    ring = KeyRing(now=lambda: AT)
    texts = {use: ring.seal(use, b"x", "p1") for use in ("person", "address")}
    assert ring.forget("person", AT + timedelta(days=9_999)) == 0
    assert all(ring.unseal(use, text, "p1") == b"x" for use, text in texts.items())
