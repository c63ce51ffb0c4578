"""Hold what is read of a way's tags to what OpenStreetMap's Wiki says that they mean."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.roads.bans import Ban
from routing.roads.hours import check_hours
from routing.roads.measures import day_number
from routing.roads.network import RULE_KINDS
from routing.roads.tables import read_table
from routing.roads.tags import CLASSES, CONDITION, KEPT, LIMITS, MODES, VALUE, Road, read_road

WEEKDAYS = "Mo-Fr 07:00-19:00"


def _road(**tags: str) -> Road:
    """Read a primary road with tags; two underscores stand for a colon."""
    road = read_road({"highway": "primary"} | {k.replace("__", ":"): v for k, v in tags.items()})
    assert road is not None
    return road


def _bans(**tags: str) -> list[Ban]:
    """Return the bans of a primary road that are the same in both directions."""
    forwards, backwards = _road(**tags).bans
    assert forwards == backwards
    return list(forwards)


@pytest.mark.parametrize(
    ("tags", "driven"),
    [
        ({"highway": "primary"}, True),
        ({"highway": "footway"}, False),
        ({"highway": "construction", "construction": "motorway"}, False),
        ({"highway": "proposed", "opening_date": "2030"}, False),
        ({"highway": "service", "area": "yes"}, False),
        ({"highway": "service", "service": "emergency_access"}, False),
        ({"highway": "primary", "access": "no"}, False),
        ({"highway": "primary", "access": "private"}, False),
        ({"highway": "track", "motor_vehicle": "agricultural;forestry"}, False),
        ({"highway": "primary", "access": "no", "motor_vehicle": "yes"}, True),
        ({"highway": "primary", "access": "no", "hgv": "designated"}, True),
        ({"highway": "primary", "vehicle": "no", "goods": "yes"}, True),
        ({"highway": "primary", "access": "yes", "motor_vehicle": "no"}, False),
        ({"highway": "primary", "access": "no", "foot": "yes", "bicycle": "yes"}, False),
        ({"highway": "primary", "access": "no", "motorcar": "yes"}, False),
        ({"highway": "primary", "end_date": "1969"}, False),
        ({"route": "ferry"}, False),
        ({"route": "ferry", "foot": "yes", "access": "yes"}, False),
        ({"route": "ferry", "motor_vehicle": "yes"}, True),
        ({"route": "ferry", "motorcar": "yes", "motor_vehicle": "no"}, False),
        ({"route": "ferry", "ferry": "trunk"}, True),
    ],
)
def test_a_way_is_a_road_where_any_truck_may_drive(tags: dict[str, str], *, driven: bool) -> None:
    """The particular tag wins over the general one; a ferry must say that it takes vehicles."""
    assert (read_road(tags) is not None) is driven


@pytest.mark.parametrize(
    ("tags", "forwards", "backwards"),
    [
        ({}, True, True),
        ({"oneway": "yes"}, True, False),
        ({"oneway": "1"}, True, False),
        ({"oneway": "-1"}, False, True),
        ({"oneway": "no"}, True, True),
        ({"junction": "roundabout"}, True, False),
        ({"junction": "roundabout", "oneway": "-1"}, False, True),
        ({"highway": "motorway"}, True, False),
        ({"highway": "motorway_link"}, True, False),
        ({"highway": "motorway", "oneway": "no"}, True, True),
        ({"oneway": "yes", "oneway:hgv": "no"}, True, True),
        ({"motor_vehicle:backward": "no"}, True, False),
        ({"access": "no", "hgv:forward": "yes"}, True, False),
    ],
)
def test_one_ways_close_one_direction(
    tags: dict[str, str], *, forwards: bool, backwards: bool
) -> None:
    """Motorways and roundabouts are one-way without saying so."""
    road = read_road({"highway": "primary"} | tags)
    assert road is not None
    assert road.open == (forwards, backwards)


def test_a_reversible_road_is_driven_only_at_hours_that_it_names() -> None:
    """Without hours nobody knows which way it runs."""
    assert read_road({"highway": "primary", "oneway": "reversible"}) is None
    road = _road(oneway="reversible", oneway__conditional="yes @ (00:00-12:00); -1 @ (12:00-24:00)")
    forwards, backwards = road.bans
    assert Ban("access", when="-00:00-12:00") in forwards
    assert Ban("access", when="-12:00-24:00") in backwards


@pytest.mark.parametrize(
    ("tags", "bans"),
    [
        ({"hgv": "no"}, [Ban("hgv")]),
        ({"hgv": "no", "access": "yes"}, [Ban("hgv")]),
        ({"hgv": "yes", "access": "no"}, []),
        ({"maxweight": "7.5"}, [Ban("weight_kg", 7500)]),
        ({"maxweightrating": "7.5"}, [Ban("weight_kg", 7500)]),
        ({"maxweight": "3.5", "maxweight__hgv": "12"}, [Ban("weight_kg", 12_000)]),
        ({"maxheight": "3.9"}, [Ban("height_mm", 3900)]),
        ({"maxaxleload": "9"}, [Ban("axle_kg", 9000)]),
        ({"maxlength": "12"}, [Ban("length_mm", 12_000)]),
        ({"maxwidth": "2.3"}, [Ban("width_mm", 2300)]),
        ({"maxheight": "none"}, []),
        ({"hgv__conditional": f"no @ ({WEEKDAYS})"}, [Ban("hgv", when=f"+{WEEKDAYS}")]),
        ({"access__conditional": f"no @ ({WEEKDAYS})"}, [Ban("access", when=f"+{WEEKDAYS}")]),
        ({"hgv": "yes", "access__conditional": f"no @ ({WEEKDAYS})"}, []),
        (
            {"hgv": "no", "hgv__conditional": "yes @ (22:00-06:00)"},
            [Ban("hgv", when="-22:00-06:00")],
        ),
        (
            {"access": "no", "access__conditional": "yes @ (22:00-06:00)"},
            [Ban("access", when="-22:00-06:00")],
        ),
        (
            {"hgv": "no", "hgv__conditional": "yes @ (22:00-06:00); yes @ (Su)"},
            [Ban("hgv", when="-22:00-06:00, Su")],
        ),
        (
            {"hgv__conditional": "no @ (06:00-20:00); yes @ (Su)"},
            [Ban("hgv", when="+06:00-20:00; Su off")],
        ),
        ({"hgv__conditional": "no @ (weight>7.5)"}, [Ban("weight_kg", 7500)]),
        (
            {"hgv__conditional": "no @ (weight>7.5 AND 06:00-22:00)"},
            [Ban("weight_kg", 7500, "+06:00-22:00")],
        ),
        (
            {"hgv": "no", "hgv__conditional": "yes @ (weight<7.5 AND Su)"},
            [Ban("hgv", when="-Su"), Ban("weight_kg", 7499)],
        ),
        (
            {"maxweight__conditional": "8 @ (22:00-06:00)"},
            [Ban("weight_kg", 8000, "+22:00-06:00")],
        ),
        (
            {"maxweight": "12", "maxweight__conditional": "8 @ (22:00-06:00)"},
            [Ban("weight_kg", 12_000), Ban("weight_kg", 8000, "+22:00-06:00")],
        ),
        (
            {"maxweight": "8", "maxweight__conditional": "12 @ (22:00-06:00)"},
            [Ban("weight_kg", 8000, "-22:00-06:00"), Ban("weight_kg", 12_000, "+22:00-06:00")],
        ),
        (
            {"maxweight": "8", "maxweight__conditional": "none @ (Su)"},
            [Ban("weight_kg", 8000, "-Su")],
        ),
    ],
)
def test_tags_become_bans(tags: dict[str, str], bans: list[Ban]) -> None:
    """Each says all that its tags say, and nothing is left unread."""
    assert _bans(**tags) == bans
    assert _road(**tags).unread == ()


def test_limits_of_one_direction_hold_in_it_alone() -> None:
    """A truck coming the other way is not concerned."""
    forwards, backwards = _road(maxweight__forward="8", maxheight__backward="4").bans
    assert (forwards, backwards) == ((Ban("weight_kg", 8000),), (Ban("height_mm", 4000),))


@pytest.mark.parametrize(
    ("tags", "bans"),
    [
        ({"hgv__conditional": "no @ (wet)"}, [Ban("hgv")]),
        ({"hgv": "no", "hgv__conditional": "yes @ (permit)"}, [Ban("hgv")]),
        ({"hgv": "no", "hgv__conditional": "yes @ (weight>7.5)"}, [Ban("hgv")]),
        ({"hgv__conditional": "no @ (weight<7.5)"}, [Ban("hgv")]),
        ({"hgv__conditional": "delivery @ (06:00-09:00)"}, [Ban("hgv", when="+06:00-09:00")]),
        (
            {"maxweight": "3.5", "maxweight__conditional": "none @ (destination)"},
            [Ban("weight_kg", 3500)],
        ),
        (
            {"maxweight__conditional": "3.5 @ (length>12)"},
            [Ban("weight_kg", 3500)],
        ),
    ],
)
def test_what_cannot_be_said_exactly_forbids_more(tags: dict[str, str], bans: list[Ban]) -> None:
    """The safe side, told once in the summary though it holds in both directions."""
    assert _bans(**tags) == bans
    assert _road(**tags).unread == ((CONDITION, 1),)


@pytest.mark.parametrize(
    "tags",
    [
        {"access": "destination"},
        {"motor_vehicle": "delivery"},
        {"hgv": "customers"},
        {"access": "no", "hgv": "destination"},
        {"hgv": "no", "hgv__conditional": "delivery @ (06:00-10:00)"},
    ],
)
def test_roads_for_residents_are_marked(tags: dict[str, str]) -> None:
    """Whoever starts or ends there may drive them."""
    assert _road(**tags).residents


def test_a_more_particular_yes_opens_a_road_for_residents() -> None:
    """It is then for everyone."""
    assert not _road(access="destination", hgv="yes").residents


@pytest.mark.parametrize(
    ("tags", "caps"),
    [
        ({"maxspeed": "50"}, (50, 50)),
        ({"maxspeed": "90", "maxspeed__hgv": "70"}, (70, 70)),
        ({"maxspeed": "90", "maxspeed__forward": "60"}, (60, 90)),
        ({"maxspeed__hgv__backward": "40", "maxspeed": "50"}, (50, 40)),
        ({"maxspeed": "fast"}, (0, 0)),
    ],
)
def test_posted_speeds_are_those_for_goods_vehicles(
    tags: dict[str, str], caps: tuple[float, float]
) -> None:
    """The particular wins, for each direction by itself."""
    assert _road(**tags).cap_kph == caps


def test_flags_surfaces_and_crossings_are_read() -> None:
    """An unknown surface is none; a ferry keeps its duration."""
    road = _road(toll__hgv="yes", bridge="viaduct", surface="gravel")
    assert (road.toll, road.bridge, road.ferry, road.surface) == (True, True, False, "gravel")
    plain = _road(toll="no", surface="lava")
    assert (plain.toll, plain.bridge, plain.surface) == (False, False, "")
    ferry = read_road({"route": "ferry", "motor_vehicle": "yes", "duration": "03:00"})
    assert ferry is not None
    assert (ferry.highway, ferry.ferry, ferry.crossing_s) == ("ferry", True, 10_800)


def test_dates_bound_a_road_in_time() -> None:
    """An old road is not dated; an unclear date is not guessed but told."""
    road = _road(start_date="2026-01-19", end_date="2030-05")
    assert (road.opened_day, road.closed_day) == (20_472, day_number("2030-05-01", last=True))
    assert _road(opening_date="2026").opened_day == day_number("2026-12-31", last=True)
    assert _road(start_date="1998").opened_day == 0
    unclear = _road(start_date="C20")
    assert (unclear.opened_day, unclear.unread) == (0, ((VALUE, 1),))


_TAG = st.sampled_from(
    sorted(
        f"{key}{direction}{conditional}"
        for key in {*KEPT, *LIMITS, *MODES, "maxweight:hgv", "maxspeed:hgv", "oneway:hgv"}
        for direction in ("", ":forward", ":backward")
        for conditional in ("", ":conditional")
    )
)
_PART = st.sampled_from(
    [
        *("no", "yes", "destination", "none", "-1", " @ ", "(", ")", "; ", " AND ", "'", '"'),
        *("weight>7.5", "length<=12 m", "3.5", "22:00-06:00", "Mo-Fr 07:00-19:00", "Su"),
        *("PH off", "24/7", "||", "Jan-Mar", "off"),
    ]
)
_VALUE = st.one_of(
    st.text(string.printable + "ọđ∞²\0", max_size=30),
    st.lists(_PART, max_size=12).map("".join),
)


@settings(max_examples=1000, deadline=None)
@given(st.dictionaries(_TAG, _VALUE, max_size=6))
def test_no_tags_are_too_odd_to_read(tags: dict[str, str]) -> None:
    """Whatever someone typed, every ban is one that the network can hold and every hour is one."""
    road = read_road({"highway": "primary", **tags})
    for ban in (ban for bans in road.bans for ban in bans) if road else ():
        assert ban.kind in RULE_KINDS
        assert 0 <= ban.value < 2**31
        assert ban.when[:1] in {"", "+", "-"}
        if ban.when:
            check_hours(ban.when[1:], "Asia/Ho_Chi_Minh")


def test_tables_are_whole() -> None:
    """Every row names its source, every value means one of three things, every factor slows."""
    for name in ("access", "surfaces", "regions", "speeds"):
        assert all(row["source"] for row in read_table(name))
    assert {row["means"] for row in read_table("access")} == {"allow", "forbid", "residents"}
    assert all(0 < float(row["factor"]) <= 1 for row in read_table("surfaces"))
    assert {"motorway", "residential", "track"} <= CLASSES
