"""Test the field types that every fact shares: times, numbers, identifiers, shapes."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas import model
from schemas.alert import AlertCleared
from schemas.checkpoint import CheckpointCleared
from schemas.lot import LotDeclared, LotRevised
from schemas.model import Geometry, format_time, parse_time
from schemas.truck import TruckPositionReported

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2998, 12, 31), timezones=OFFSETS)  # noqa: DTZ001
)
def test_a_time_with_any_offset_is_the_same_moment_in_utc(moment: datetime) -> None:
    assert parse_time(moment.isoformat()) == moment
    assert parse_time(moment.isoformat()).tzinfo is UTC


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2998, 12, 31), timezones=OFFSETS)  # noqa: DTZ001
)
def test_a_written_time_is_read_again_to_the_millisecond(moment: datetime) -> None:
    read = parse_time(format_time(moment))
    assert timedelta(0) <= moment - read < timedelta(milliseconds=1)
    assert format_time(read) == format_time(moment)
    assert format_time(moment).endswith("Z")


@pytest.mark.parametrize(
    "text",
    [
        "2021-08-24T05:00:00",  # no offset
        "2021-08-24",
        "2021-08-24 05:00:00+07:00",
        "2021-08-24T05:00+07:00",
        "2021-08-24T05:00:00+0700",
        "2021-08-24T05:00:00 +07:00",
        "2021-08-24T05:00:00+07:00\n",
        "2021-02-30T05:00:00Z",
        "2021-08-24T25:00:00Z",
        "2021-08-24T05:00:00+25:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "1970-01-01T00:00:00+14:00",  # 1969 in UTC
        "2999-12-31T23:59:59-14:00",  # 3000 in UTC
        "٢٠٢١-08-24T05:00:00Z",
        "",
    ],
)
def test_a_time_that_is_no_rfc_3339_time_with_an_offset_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|must be in|out of range|offset"):
        parse_time(text)


@given(
    st.datetimes(timezones=OFFSETS).map(datetime.isoformat)
    | st.sampled_from(["1970-01-01T00:00:00Z", "2999-12-31T23:59:59.999999Z"])
)
def test_a_time_that_is_read_can_be_written_and_read_again(text: str) -> None:
    """A time just before 1970 in UTC once was taken, and never read again."""
    try:
        moment = parse_time(text)
    except ValueError:
        return
    assert moment - parse_time(format_time(moment)) < timedelta(milliseconds=1)


@given(st.text())
def test_a_text_is_a_time_or_a_value_error(text: str) -> None:
    try:
        moment = parse_time(text)
    except ValueError:
        return
    assert moment.tzinfo is UTC


@pytest.mark.parametrize("value", [1629781200, 1629781200.5, None, True, ["2021"], {}])
def test_a_moment_is_text_never_a_number(value: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(model.Moment).validate_python(value)


def test_a_moment_in_a_fact_is_aware_even_from_python() -> None:
    adapter: TypeAdapter[datetime] = TypeAdapter(model.Moment)
    with pytest.raises(ValidationError, match="timezone"):
        adapter.validate_python(datetime(2021, 8, 24))  # noqa: DTZ001 - that is the point
    hanoi = datetime(2021, 8, 24, 7, tzinfo=timezone(timedelta(hours=7)))
    assert adapter.validate_python(hanoi).tzinfo is UTC


@pytest.mark.parametrize(
    "value", [0, -1, 1_000_001, 10**30, 10**400, 1e308, 0.5, "500", True, None, [5], float("nan")]
)
def test_an_amount_outside_its_range_or_not_a_number_is_refused(value: Any) -> None:
    lot = {"lot_id": "lot-1", "quantity_kg": value}
    if value is None:  # left out: stays as it was
        assert LotRevised.model_validate(lot).quantity_kg is None
        return
    with pytest.raises(ValidationError):
        LotRevised.model_validate(lot)


@pytest.mark.parametrize("value", [1, 500, 500.0, 1_000_000])
def test_an_amount_in_its_range_is_read(value: float) -> None:
    assert LotRevised.model_validate({"lot_id": "lot-1", "quantity_kg": value}).quantity_kg == value


@pytest.mark.parametrize(
    "place",
    [
        {"lat": 90.01, "lon": 105},
        {"lat": 10, "lon": -180.01},
        {"lat": float("nan"), "lon": 105},
        {"lat": 10, "lon": float("inf")},
        {"lat": "10", "lon": 105},
        {"lat": True, "lon": 105},
        {"lat": 10},
        {"lat": 10, "lon": 105, "speed_kph": 201},
        {"lat": 10, "lon": 105, "accuracy_m": -1},
    ],
)
def test_a_position_off_the_earth_or_not_in_numbers_is_refused(place: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TruckPositionReported.model_validate({"truck_id": "truck-1", **place})


@pytest.mark.parametrize("value", [1, 0, "true", "yes"])
def test_a_truth_value_is_true_or_false_only(value: Any) -> None:
    seen = {"checkpoint_id": "cp-1", "truck_id": "truck-1", "transit": value}
    with pytest.raises(ValidationError, match="boolean"):
        CheckpointCleared.model_validate(seen)


@pytest.mark.parametrize(
    "identifier", ["", " ", "a b", "-a", "a\n", "a\x00", "xe tải", "đ", "a" * 129, 7, None, ".."]
)
def test_an_identifier_that_is_not_safe_in_keys_paths_and_logs_is_refused(identifier: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(model.Identifier).validate_python(identifier)


@given(st.from_regex(re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@|#/+-]{0,127}"), fullmatch=True))
def test_an_alert_can_be_named_after_any_identifier(identifier: str) -> None:
    name = f"vehicle_unregistered/{identifier}"
    assert AlertCleared(alert_id=name, subject=identifier).alert_id == name


@pytest.mark.parametrize("slug", ["kien-giang", "ho-chi-minh", "quan-9", "a"])
def test_a_region_is_a_slug(slug: str) -> None:
    assert TypeAdapter(model.Region).validate_python(slug) == slug


@pytest.mark.parametrize(
    "slug", ["", "Kien-Giang", "kiên-giang", "kien_giang", "-a", "a-", "a--b", "a b", "a" * 65, 1]
)
def test_a_region_that_is_no_slug_is_refused(slug: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(model.Region).validate_python(slug)


def test_facts_are_frozen() -> None:
    fact = LotRevised(lot_id="lot-1")
    with pytest.raises(ValidationError, match="frozen"):
        fact.lot_id = "lot-2"


def test_fields_that_nobody_knows_are_ignored() -> None:
    fact = LotRevised.model_validate({"lot_id": "lot-1", "colour": "pink"})
    assert "colour" not in fact.model_dump()


def test_a_lot_holds_after_it_is_ready() -> None:
    lot = {
        "lot_id": "lot-1",
        "region": "kien-giang",
        "product": "crab",
        "quantity_kg": 500,
        "pickup": {"lat": 9.8, "lon": 105.1, "name": "Tắc Cậu"},
        "ready_from": "2021-08-24T05:00:00+07:00",
        "hold_until": "2021-08-23T22:00:00Z",
    }
    with pytest.raises(ValidationError, match="hold_until must be later than ready_from"):
        LotDeclared.model_validate(lot)


RING = [[105.0, 10.0], [105.1, 10.0], [105.1, 10.1], [105.0, 10.0]]


@pytest.mark.parametrize(
    ("kind", "coordinates"),
    [
        ("Point", [105.0, 10.0]),
        ("Point", [105.0, 10.0, 3.5]),
        ("MultiPoint", [[105.0, 10.0]]),
        ("LineString", RING),
        ("MultiLineString", [RING, RING]),
        ("Polygon", [RING]),
        ("MultiPolygon", [[RING], [RING]]),
        ("Point", [-180, -90]),
    ],
)
def test_a_geojson_geometry_is_read_as_it_stands(kind: str, coordinates: list[Any]) -> None:
    assert Geometry(type=kind, coordinates=coordinates).coordinates == coordinates


@pytest.mark.parametrize(
    ("kind", "coordinates"),
    [
        ("Circle", [105.0, 10.0]),
        ("GeometryCollection", [RING]),
        ("Point", []),
        ("Point", [105.0]),
        ("Point", [10.0, 105.0]),  # latitude first
        ("Point", [105.0, 10.0, float("inf")]),
        ("Point", [105.0, 10.0, 10**400]),
        ("Point", [float("nan"), 10.0]),
        ("Point", [True, False]),
        ("Point", ["105", "10"]),
        ("Point", [[105.0, 10.0]]),
        ("LineString", [[105.0, 10.0]]),
        ("LineString", [105.0, 10.0]),
        ("MultiLineString", [[]]),
        ("Polygon", [RING[:3]]),
        ("Polygon", [[*RING[:3], [105.2, 10.0]]]),
        ("Polygon", RING),
        ("Polygon", [[[105.0, 10.0]] * 4]),  # a point drawn as an area
        ("Polygon", [RING, [[105.0, 10.0], [105.1, 10.1], [105.05, 10.05], [105.0, 10.0]]]),
        ("Point", [105.0, 10.0, 3.5, 1.0]),
        ("LineString", [[105.0, 10.0], [105.1, 10.1, 3.5]]),  # no library reads a mixture
        ("MultiPolygon", [[RING], [[[*position, 3.5] for position in RING]]]),
        ("MultiPolygon", [RING]),
        ("Polygon", [{"lon": 105, "lat": 10}]),
        ("Polygon", None),
    ],
)
def test_a_shape_that_is_none_is_refused(kind: str, coordinates: Any) -> None:
    with pytest.raises(ValidationError):
        Geometry(type=kind, coordinates=coordinates)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)
KINDS = ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"]


@given(st.sampled_from(KINDS), st.lists(JSON))
def test_any_coordinates_are_a_shape_or_a_validation_error(
    kind: str, coordinates: list[Any]
) -> None:
    try:
        shape = Geometry(type=kind, coordinates=coordinates)
    except ValidationError:
        return
    assert Geometry.model_validate_json(shape.model_dump_json()) == shape
