"""What trackers say in their own forms is read as they mean it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.devices.fix import read_fix
from api.devices.forms import read_client, read_forwarded, read_parameters
from api.problems import Problem

PLACE = {"lat": "10.5", "lon": "105.25"}


def fields(**changes: str) -> dict[str, Any]:
    (found,) = read_parameters({**PLACE, **changes}).fields
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("timestamp", "time"),
    [
        ("1629756000", "2021-08-23T22:00:00Z"),
        ("1629756000.25", "2021-08-23T22:00:00.250Z"),
        ("1629756000123", "2021-08-23T22:00:00.123Z"),
        ("2021-08-24T05:00:00+07:00", "2021-08-23T22:00:00Z"),
        ("2021-08-23T22:00:00.000Z", "2021-08-23T22:00:00Z"),
        ("2021-08-23T22:00:00.000+0000", "2021-08-23T22:00:00Z"),
        ("2021-08-23 22:00:00", "2021-08-23T22:00:00Z"),
        ("", None),
    ],
)
def test_osmand_says_times_in_many_ways(timestamp: str, time: str | None) -> None:
    assert fields(timestamp=timestamp)["time"] == time


def test_osmand_says_knots_and_metres() -> None:
    found = fields(speed="10", accuracy="7.5", bearing="90", altitude="3", batt="55", cell="x")
    assert (found["speed_kph"], found["accuracy_m"]) == (18.52, 7.5)
    assert fields(speed="-1", accuracy="-1")["speed_kph"] is None
    assert fields(speed="500")["speed_kph"] is None
    assert fields()["accuracy_m"] is None


def test_osmand_names_the_device_and_place_in_two_ways() -> None:
    assert read_parameters({"id": "a", **PLACE}).device == "a"
    told = read_parameters({"deviceid": "b", "location": "10.5,105.25"})
    assert told.device == "b"
    assert told.fields[0] is not None
    assert (told.fields[0]["lat"], told.fields[0]["lon"]) == (10.5, 105.25)
    assert read_parameters({"id": "a", "batt": "7"}).fields == [None]


@pytest.mark.parametrize(
    ("told", "valid"),
    [("true", True), ("1", True), ("TRUE", True), ("false", False), ("0", False)],
)
def test_osmand_says_whether_a_fix_is_valid(told: str, *, valid: bool) -> None:
    assert fields(valid=told)["valid"] is valid


@pytest.mark.parametrize("name", ["lat", "lon", "speed", "accuracy", "timestamp"])
@pytest.mark.parametrize("text", ["x", "nan", "1e999", "10,5"])
def test_what_is_no_number_is_named(name: str, text: str) -> None:
    with pytest.raises(Problem) as caught:
        fields(**{name: text})
    assert caught.value.errors[0].pointer == f"#/{name}"


COORDS = {"latitude": 10.5, "longitude": 105.25, "accuracy": 8, "speed": 10, "heading": 90}
LOCATION = {"timestamp": "2021-08-23T22:00:00.000Z", "coords": COORDS, "battery": {"level": 1}}


def test_traccar_client_says_metres_a_second() -> None:
    told = read_client({"location": LOCATION, "device_id": "d"})
    expected = {
        "lat": 10.5,
        "lon": 105.25,
        "time": "2021-08-23T22:00:00Z",
        "speed_kph": 36.0,
        "accuracy_m": 8.0,
    }
    assert (told.device, told.fields) == ("d", [expected])
    assert read_client({"location": [LOCATION, LOCATION]}).fields == [expected, expected]
    assert read_client({"location": {"coords": {}}}).fields == [None]
    assert read_client({"device_id": 7}).device == "7"


POSITION = {
    "fixTime": "2021-08-23T22:00:00.000+00:00",
    "latitude": 10.5,
    "longitude": 105.25,
    "speed": 10.0,
    "accuracy": 0.0,
    "valid": True,
    "outdated": False,
    "attributes": {"ignition": True},
}


def test_a_traccar_server_says_knots_and_names_the_device() -> None:
    device = {"id": 10, "uniqueId": "867604050012345", "phone": "1"}
    told = read_forwarded({"position": POSITION, "device": device})
    assert told.device == "867604050012345"
    (found,) = told.fields
    assert found is not None
    assert (found["speed_kph"], found["accuracy_m"], found["valid"]) == (18.52, None, True)
    for change in ({"valid": False}, {"outdated": True}):
        (found,) = read_forwarded({"position": {**POSITION, **change}}).fields
        assert found is not None
        assert found["valid"] is False


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*LOCATION, *COORDS, *POSITION, "location", "position", "device"]),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


def status_of(work: Callable[[], Any]) -> int | None:
    """Say the status of the problem that comes of it; None for none."""
    try:
        work()
    except Problem as problem:
        return problem.status
    return None


@settings(max_examples=60)
@given(JSON, st.sampled_from([read_client, read_forwarded]))
def test_whatever_json_comes_is_read_or_refused(found: Any, read: Any) -> None:
    def work() -> None:
        for each in read(found).fields:
            read_fix({"device_id": "d", **(each or {})})

    assert status_of(work) in {None, 422}


@given(
    st.dictionaries(
        st.sampled_from([*PLACE, "timestamp", "speed", "location"]), st.text(max_size=9)
    )
)
def test_whatever_parameters_come_are_read_or_refused(found: dict[str, str]) -> None:
    assert status_of(lambda: [read_fix(each) for each in read_parameters(found).fields]) in {
        None,
        422,
    }
