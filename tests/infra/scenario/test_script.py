"""Read and write scenario files."""

import json
from pathlib import Path

import pytest

from infra.scenario.script import ScenarioError, dump_script, event_line, raw_line, read_script
from schemas.envelope import decode
from schemas.model import parse_time

_AT = parse_time("2021-08-24T08:00:00+07:00")
_POSITION = {"truck_id": "truck-001", "lat": 10.0, "lon": 105.1}


def _event(**changes: object) -> dict[str, object]:
    line = event_line(
        "truck.position_reported", _POSITION, event_id="e1", source="/test", time=_AT, at=_AT
    )
    return {**line, **changes}


def _write(path: Path, *lines: object) -> Path:
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n", encoding="utf-8")
    return path


def test_an_event_comes_back_as_the_catalogue_reads_it(tmp_path: Path) -> None:
    """A line becomes a record in CloudEvents' binary mode that `decode` takes."""
    path = tmp_path / "s.jsonl"
    path.write_bytes(b"".join(dump_script({"name": "s"}, [_event()])))
    script = read_script(path)
    message = script.lines[0].message("r1")
    event = decode(message.topic, message.key, message.value, message.headers)
    assert script.meta == {"name": "s"}
    assert (event.id, event.source, event.time) == ("e1~r1", "/test", _AT)
    assert event.data.model_dump(exclude_none=True) == _POSITION


def test_as_recorded_keeps_the_id(tmp_path: Path) -> None:
    """Without a run id the id is the file's."""
    script = read_script(_write(tmp_path / "s.jsonl", _event()))
    assert dict(script.lines[0].message(None).headers)["ce_id"] == b"e1"


def test_a_file_without_a_first_line_spans_its_events(tmp_path: Path) -> None:
    """Plain CloudEvents, in any order, are a scenario from the first to the last."""
    late = _event(id="e2", recordedtime="2021-08-24T02:00:00Z")
    script = read_script(_write(tmp_path / "s.jsonl", late, _event()))
    assert [line.raw["id"] for line in script.lines] == ["e1", "e2"]
    assert (script.start, script.end) == (_AT, parse_time("2021-08-24T02:00:00Z"))


def test_raw_bytes_come_through_untouched(tmp_path: Path) -> None:
    """A raw line keeps nulls and bytes that are no text."""
    line = raw_line(
        "truck.position.v1", at=_AT, key=None, value=b"\xff\x00", headers=[("ce_id", b"g1")]
    )
    message = read_script(_write(tmp_path / "s.jsonl", line)).lines[0].message("r1")
    assert (message.key, message.value) == (None, b"\xff\x00")
    assert message.headers == (("ce_id", b"g1~r1"),)


def test_a_vehicle_known_by_plate_is_keyed_by_it(tmp_path: Path) -> None:
    """A clearance without a truck is keyed `plate:…` as the catalogue wants."""
    data = {"checkpoint_id": "cp-1", "plate": "68C-123.45"}
    line = _event(type="checkpoint.arrived", data=data)
    message = read_script(_write(tmp_path / "s.jsonl", line)).lines[0].message(None)
    assert message.key == b"plate:68C12345"


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ([1], "one JSON object"),
        (_event(type="truck.exploded"), "no topic carries"),
        (_event(time="2021-08-24T08:00:00"), "offset"),
        (_event(data=None), "data must be"),
        ({"data": {}}, "lacks 'id'"),
        ({"raw": {"topic": "x"}, "at": "2021-08-24T08:00:00Z"}, "Base64"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: object, complaint: str) -> None:
    """The error names the file and the line, and what is wrong with it."""
    path = _write(tmp_path / "s.jsonl", _event(), line)
    with pytest.raises(ScenarioError, match=rf"s\.jsonl:2.*{complaint}"):
        read_script(path)


def test_a_missing_file_is_one_clear_line(tmp_path: Path) -> None:
    """The error says what to do."""
    with pytest.raises(ScenarioError, match="scenario generate"):
        read_script(tmp_path / "none.jsonl")
