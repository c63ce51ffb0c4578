"""Test that dead letters are shown without what they hold of people."""

from datetime import UTC, datetime

import orjson
import pytest

from infra.dead_letters import Letter
from infra.masking import masked


def letter(value: bytes, *, key: bytes = b"T1", error: str = "unknown: T1") -> Letter:
    return Letter(
        offset=1,
        buried=datetime(2026, 12, 1, tzinfo=UTC),
        topic="checkpoint.clearance.v1",
        partition="0",
        at="7",
        error=error,
        attempt=1,
        key=key,
        value=value,
        headers=(("ce_id", b"e1"),),
    )


def test_people_are_masked_and_the_rest_is_shown() -> None:
    said = {
        "checkpoint_id": "C1",
        "plate": "68C-123.45",
        "officer_id": "cs-0042",
        "people_count": 3,
        "note": "Bà Ba",
        "deep": [{"driver_id": "tx-017"}],
    }
    doc = masked(letter(orjson.dumps(said), error="malformed: plate: got '68C-123.45'"))
    shown = orjson.loads(doc["value"])
    assert shown["checkpoint_id"] == "C1"
    text = str(doc)
    for secret in ("68C-123.45", "cs-0042", "Bà Ba", "tx-017", "'people_count': 3"):
        assert secret not in text
    assert (doc["key"], doc["place"]) == ("T1", "checkpoint.clearance.v1:0:7")


def test_a_plate_in_a_key_is_masked() -> None:
    error = "malformed: the key must be the data's truck_id, 'plate:68C12345'"
    doc = masked(letter(b"{}", key=b"plate:68C12345", error=error))
    assert "68C12345" not in str(doc)
    assert doc["key"].startswith("plate:")


@pytest.mark.parametrize("value", [b"68C-123.45;Ba Ba;0912", b"[1]", b"\xff\xfe", b'{"plate": "68'])
def test_what_cannot_be_read_is_not_shown(value: bytes) -> None:
    doc = masked(letter(value))
    assert "68" not in doc["value"].replace(str(len(value)), "")
    assert f"{len(value)} bytes" in doc["value"]
