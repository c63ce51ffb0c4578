"""Hold what OSRM's addresses say to what is read, and every flaw to OSRM's own code."""

from __future__ import annotations

import polyline
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.osrm.coordinates import Coordinate, read_coordinates, read_profile
from api.osrm.limits import check_size
from api.osrm.query import Bearing, General, NearestOptions, RouteOptions, TableOptions, read
from api.osrm.refusal import Refused

TWO = "105.081,10.012;105.788,10.037"
THREE = TWO + ";104.015,10.019"
DEGREES = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


def options(kind: type[General], text: str, coordinates: str = TWO) -> General:
    """Read a query string."""
    given_ = [tuple(part.split("=", 1)) for part in text.split("&")] if text else []
    return read(kind, "car", coordinates, given_).options  # type: ignore[arg-type]


@given(st.lists(DEGREES, min_size=1, max_size=5), st.sampled_from(["polyline", "polyline5"]))
def test_coordinates_are_read_however_they_are_written(
    points: list[tuple[float, float]], name: str
) -> None:
    """Plain, with a format behind, and as either polyline."""
    plain = ";".join(f"{lon!r},{lat!r}" for lon, lat in points)
    assert read_coordinates(plain) == read_coordinates(plain + ".json") == tuple(points)
    for word, digits in ((name, 5), ("polyline6", 6)):
        drawn = f"{word}({polyline.encode(points, digits, geojson=True)})"
        near = pytest.approx(10.0**-digits, abs=10.0**-digits)
        for read_, (lon, lat) in zip(read_coordinates(drawn), points, strict=True):
            assert abs(read_.lon - lon) + abs(read_.lat - lat) + 10.0**-digits == near


@given(st.text(max_size=30) | st.text("_p()polyline6.,;0123456789-+eE?~", max_size=30))
def test_any_other_text_is_refused_in_osrms_words(text: str) -> None:
    """Never a fault of ours, whatever stands in the address."""
    for coordinates in (text, f"polyline({text})", f"polyline6({text})"):
        try:
            found = read_coordinates(coordinates)
        except Refused as refused:
            assert refused.code in {"InvalidQuery", "InvalidValue", "NotImplemented"}  # noqa: PT017
        else:
            assert all(isinstance(point, Coordinate) for point in found)


@pytest.mark.parametrize(
    ("coordinates", "code"),
    [
        ("", "InvalidQuery"),
        ("1", "InvalidQuery"),
        ("1,1,1", "InvalidQuery"),
        ("1,1;", "InvalidQuery"),
        ("nan,1", "InvalidQuery"),
        ("inf,1", "InvalidQuery"),
        ("polyline()", "InvalidQuery"),
        ("polyline(}})", "InvalidQuery"),
        ("200,5", "InvalidValue"),
        ("5,91", "InvalidValue"),
        ("1e999,1", "InvalidValue"),
        ("1,1;2,2.flatbuffers", "NotImplemented"),
    ],
)
def test_bad_coordinates_have_osrms_code(coordinates: str, code: str) -> None:
    """Malformed ones are another thing than those outside the world."""
    with pytest.raises(Refused) as refused:
        read_coordinates(coordinates)
    assert refused.value.code == code


def test_a_profile_is_a_class_of_vehicle_or_a_word_for_the_default() -> None:
    """Another one is refused with those there are."""
    for word in ("driving", "car", "truck", "rigid_2_axle"):
        assert read_profile(word) == "rigid_2_axle"
    assert read_profile("semi_trailer") == "semi_trailer"
    with pytest.raises(Refused, match=r"'bike' is not served; choose one of car, driving, .*semi"):
        read_profile("bike")


def test_options_mean_what_osrm_says() -> None:
    """Every option of `route`, as a stock client writes it."""
    text = (
        "alternatives=2&steps=true&annotations=duration,nodes&geometries=polyline6&overview=false"
        "&continue_straight=false&waypoints=0;1&generate_hints=false&hints=;abc_-&radiuses=unlimited;5"
        "&bearings=45,10;&approaches=unrestricted;&exclude=&snapping=default&skip_waypoints=true"
    )
    found = options(RouteOptions, text)
    assert isinstance(found, RouteOptions)
    assert (found.alternatives, found.steps, found.overview) == (2, True, "false")
    assert found.annotations == {"duration", "nodes"}
    assert (found.geometries, found.waypoints) == ("polyline6", (0, 1))
    assert (found.generate_hints, found.skip_waypoints) == (False, True)
    assert found.hints == (None, "abc_-")
    assert found.radiuses == (None, 5.0)
    assert found.bearings == (Bearing(45, 10), None)


def test_options_that_are_not_given_are_osrms_defaults() -> None:
    """Nothing but a simplified line with hints; durations from all to all."""
    found = options(RouteOptions, "")
    assert isinstance(found, RouteOptions)
    assert (found.alternatives, found.steps, found.annotations) == (0, False, frozenset())
    assert (found.geometries, found.overview, found.generate_hints) == (
        "polyline",
        "simplified",
        True,
    )
    table = options(TableOptions, "sources=all")
    assert isinstance(table, TableOptions)
    assert (table.sources, table.destinations, table.annotations) == ((), (), {"duration"})
    for word, count in (("true", 1), ("false", 0)):
        given_ = options(RouteOptions, f"alternatives={word}&annotations={word}")
        assert isinstance(given_, RouteOptions)
        assert (given_.alternatives, len(given_.annotations)) == (count, 6 * count)


@pytest.mark.parametrize(
    ("kind", "text", "coordinates", "code", "told"),
    [
        (RouteOptions, "fly=true", TWO, "InvalidQuery", "'fly' is not one of this service"),
        (RouteOptions, "sources=0", TWO, "InvalidQuery", "'sources' is not one"),
        (RouteOptions, "steps=true&steps=false", TWO, "InvalidQuery", "twice"),
        (RouteOptions, "steps=yes", TWO, "InvalidQuery", "'steps'"),
        (RouteOptions, "steps=1", TWO, "InvalidQuery", "'steps'"),
        (RouteOptions, "geometries=wkt", TWO, "InvalidQuery", "'geometries'"),
        (RouteOptions, "overview=by_legs", TWO, "InvalidQuery", "'overview'"),
        (RouteOptions, "annotations=colour", TWO, "InvalidQuery", "'annotations'"),
        (RouteOptions, "alternatives=-1", TWO, "InvalidOptions", "'alternatives'"),
        (RouteOptions, "bearings=45;45", TWO, "InvalidQuery", "'bearings'"),
        (RouteOptions, "bearings=45,10", TWO, "InvalidOptions", "bearings size 1 does not match"),
        (RouteOptions, "bearings=361,10;", TWO, "InvalidOptions", "'bearings'"),
        (RouteOptions, "radiuses=5", TWO, "InvalidOptions", "radiuses size 1 does not match"),
        (RouteOptions, "radiuses=-5;", TWO, "InvalidOptions", "'radiuses'"),
        (RouteOptions, "radiuses=nan;", TWO, "InvalidQuery", "'radiuses'"),
        (RouteOptions, "hints=a;b;c", TWO, "InvalidOptions", "hints size 3 does not match"),
        (RouteOptions, "hints=%20;", TWO, "InvalidQuery", "'hints'"),
        (RouteOptions, "waypoints=0", TWO, "InvalidOptions", "waypoints must rise"),
        (RouteOptions, "waypoints=1;0", TWO, "InvalidOptions", "waypoints must rise"),
        (RouteOptions, "waypoints=0;9", TWO, "InvalidOptions", "waypoints must rise"),
        (RouteOptions, "", "1,1", "InvalidOptions", "at least two"),
        (RouteOptions, "exclude=ferry", TWO, "InvalidValue", "Exclude flag"),
        (RouteOptions, "approaches=curb;", TWO, "NotImplemented", "approaches"),
        (RouteOptions, "snapping=any", TWO, "NotImplemented", "snapping"),
        (RouteOptions, "continue_straight=true", THREE, "NotImplemented", "continue_straight"),
        (TableOptions, "sources=2", TWO, "InvalidOptions", "sources names no coordinate"),
        (TableOptions, "sources=", TWO, "InvalidQuery", "'sources'"),
        (TableOptions, "destinations=-1", TWO, "InvalidOptions", "'destinations'"),
        (TableOptions, "annotations=speed", TWO, "InvalidQuery", "'annotations'"),
        (TableOptions, "fallback_speed=0", TWO, "InvalidOptions", "'fallback_speed'"),
        (TableOptions, "scale_factor=-1", TWO, "InvalidOptions", "'scale_factor'"),
        (TableOptions, "", "1,1", "InvalidOptions", "at least two"),
        (NearestOptions, "number=0", "1,1", "InvalidOptions", "'number'"),
        (NearestOptions, "number=x", "1,1", "InvalidQuery", "'number'"),
        (NearestOptions, "", TWO, "InvalidOptions", "Only one input coordinate"),
    ],
)
def test_a_bad_option_has_osrms_code(
    kind: type[General], text: str, coordinates: str, code: str, told: str
) -> None:
    """The message names the option; what is not served is never passed over."""
    with pytest.raises(Refused, match=told) as refused:
        options(kind, text, coordinates)
    assert refused.value.code == code


def test_straight_on_is_served_where_it_changes_nothing() -> None:
    """Between two points there is nowhere to turn round."""
    assert options(RouteOptions, "continue_straight=true")


@pytest.mark.parametrize(
    ("kind", "text", "coordinates", "size"),
    [
        (TableOptions, "", THREE, 2),
        (TableOptions, "sources=0&destinations=0;1;2;0;1", THREE, 2),
        (NearestOptions, "number=101", "1,1", 2),
        (RouteOptions, "alternatives=4", TWO, 2),
        (RouteOptions, "", ";".join(["1,1"] * 501), 2),
    ],
)
def test_too_much_at_once_is_too_big(
    kind: type[General], text: str, coordinates: str, size: int
) -> None:
    """A table is bound by its entries."""
    given_ = [tuple(part.split("=", 1)) for part in text.split("&")] if text else []
    asked = read(kind, "car", coordinates, given_)  # type: ignore[arg-type]
    with pytest.raises(Refused) as refused:
        check_size(asked, table_size=size)
    assert refused.value.code == "TooBig"


def test_a_table_of_the_greatest_size_is_answered() -> None:
    """As many entries as the size squared, however they are laid out."""
    for text in ("sources=0;1", "sources=0&destinations=0;1;2;0"):
        given_ = [tuple(part.split("=", 1)) for part in text.split("&")]
        check_size(read(TableOptions, "car", TWO + ";1,1", given_), table_size=3)  # type: ignore[arg-type]
