"""Plan what can be checked in the head: second trips, pooling, return loads, bays, swaps."""

from __future__ import annotations

from typing import Any

import pytest

from routing.dispatch import (
    AssemblyPoint,
    Committed,
    Corridor,
    DrivingState,
    Earlier,
    Lot,
    Pin,
    Plan,
    Slot,
    Transhipment,
)
from tests.routing.dispatch.line import Line, at, entries, goods, hour, line, lorry, planned
from tests.routing.dispatch.worlds import facility, hours, slots

ONE_SLOT = (Slot("S1", "F1", "G1", hours(1), hours(4), 1),)


def _stops(made: Plan, truck_id: str = "T1") -> list[tuple[str, str, float]]:
    (route,) = (route for route in made.routes if route.truck_id == truck_id)
    return [(stop.kind, stop.lot_id, hour(stop.start)) for stop in route.stops]


def test_a_truck_comes_back_for_what_it_could_not_take() -> None:
    """Load 0:30, drive 1:00, unload 0:30, drive back 1:00, and again: in at 1:30 and 4:30."""
    made = planned(line(lots=(goods(quantity_kg=16_000),)))
    assert entries(made) == [("T1", "L1", 1.5), ("T1", "L1", 4.5)]
    assert [trip.sequence for trip in made.trips] == [0, 1]
    assert [trip.quantity_kg for trip in made.trips] == [8_000, 8_000]
    assert made.trips[1].empty_m == made.trips[1].loaded_m == 36_000
    assert made.trips[1].departure == made.trips[0].delivery_done


def test_a_lot_larger_than_any_truck_is_split() -> None:
    """Twenty tonnes go on two trucks of eight, and on one of them once more."""
    made = planned(line(trucks=(lorry("T1"), lorry("T2")), lots=(goods(quantity_kg=20_000),)))
    assert sorted(trip.quantity_kg for trip in made.trips) == [4_000, 8_000, 8_000]
    assert sum(trip.sequence == 1 for trip in made.trips) == 1


def test_a_split_leaves_no_rest_that_nobody_comes_for() -> None:
    """Of 8,020 kg a truck of eight tonnes leaves 50."""
    made = planned(line(lots=(goods(quantity_kg=8_020),)))
    assert sorted(trip.quantity_kg for trip in made.trips) == [50, 7_970]


def _small() -> tuple[Lot, Lot]:
    return (
        goods("L1", quantity_kg=3_000),
        goods("L2", 0.5, quantity_kg=3_000),
    )


def test_small_lots_are_pooled_on_one_truck_and_share_its_place_in_the_slot() -> None:
    """Loaded by 0:30 and 1:30, in at 3:00, the second unloaded from 3:30."""
    made = planned(line(2, lots=_small(), slots=ONE_SLOT))
    assert [end for _, _, end in entries(made)] == [3.0, 3.5]
    assert {trip.sequence for trip in made.trips} == {0}
    assert [kind for kind, _, _ in _stops(made)] == ["pickup", "pickup", "delivery", "delivery"]


def test_without_pooling_a_trip_has_one_consignment() -> None:
    """Only one of the two lots gets into the only slot."""
    made = planned(line(2, lots=_small(), slots=ONE_SLOT), pool=False)
    assert len(made.trips) == len(made.unassigned) == 1


def test_pooled_lots_go_through_one_assembly_point() -> None:
    """Both join the corridor at its point at one hour, as they are aboard together."""
    corridor = Corridor(
        "C1", "shuttle", ("F1",), frozenset(), (AssemblyPoint("A1", at(1)),), hours(-9)
    )
    made = planned(
        line(2, lots=_small(), slots=ONE_SLOT, corridors=(corridor,)), corridor_join_m=1e6
    )
    assert [trip.corridor_id for trip in made.trips] == ["C1", "C1"]
    assert [stop.through for stop in made.routes[0].stops] == [None, None, at(1), None]


def test_a_second_dimension_limits_what_is_aboard() -> None:
    """Two lots of 3 t and 3,000 l each do not go together where 5,000 l fit."""
    lots = tuple(goods(name, quantity_kg=3_000, volume_l=3_000) for name in ("L1", "L2"))
    assert len(planned(line(lots=lots, slots=ONE_SLOT)).trips) == 2
    tight = planned(line(trucks=(lorry(volume_l=5_000),), lots=lots, slots=ONE_SLOT))
    assert len(tight.trips) == 1


def test_a_return_load_goes_home_on_the_truck_that_brought_the_harvest() -> None:
    """In at 1:30, empty at 2:00, inputs loaded by 2:30, at the farm at 3:30, none of it empty."""
    inputs = goods("R1", 1, product="farm_inputs", drop=at(0), drop_name="HTX", destinations=())
    made = planned(line(lots=(goods(), inputs)))
    assert _stops(made) == [
        ("pickup", "L1", 0.0),
        ("delivery", "L1", 1.5),
        ("pickup", "R1", 2.0),
        ("drop", "R1", 3.5),
    ]
    back = made.trips[1]
    assert (back.slot_id, back.facility_id, back.sequence, back.empty_m) == ("", "", 1, 0)
    assert "đến HTX lúc" in back.explanation["summary"]["vi"]


@pytest.mark.parametrize(("bays", "second"), [(1, 2.0), (2, 1.5), (None, 1.5)])
def test_a_truck_waits_until_a_bay_is_free(bays: int | None, second: float) -> None:
    """Both are there at 1:30; with one bay the second goes in when the first is empty."""
    place = facility(position=at(1), bays=bays)
    made = planned(
        line(
            trucks=(lorry("T1"), lorry("T2")), lots=(goods("L1"), goods("L2")), facilities=(place,)
        )
    )
    assert [end for _, _, end in entries(made)] == [1.5, second]


@pytest.mark.parametrize(("rear_loading", "drive_h"), [(False, 2), (True, 3)])
def test_what_stands_behind_other_goods_is_not_unloaded_before_them(
    rear_loading: bool,  # noqa: FBT001 - a table of cases
    drive_h: int,
) -> None:
    """With side doors the truck sweeps the line once; from the rear it drives one way twice."""
    ports = (facility("F1", at(1)), facility("F2", at(2)))
    lots = (
        goods("L1", quantity_kg=3_000, destinations=("F1",)),
        goods("L2", 0.5, quantity_kg=3_000, destinations=("F2",)),
    )
    made = planned(
        line(
            trucks=(lorry(rear_loading=rear_loading),),
            lots=lots,
            facilities=ports,
            slots=slots("F1") + slots("F2"),
        )
    )
    assert len(made.trips) == 2
    assert made.routes[0].drive_s == drive_h * 3_600


def test_a_quota_sends_the_second_truck_of_a_haulier_into_the_next_slot() -> None:
    """Both could enter at 1:30; the haulier has one place in that hour."""
    fleet = tuple(lorry(name, haulier_id="H1") for name in ("T1", "T2"))
    first = Slot("S1", "F1", "G1", hours(1), hours(2), 5, {"H1": 1})
    later = Slot("S2", "F1", "G1", hours(2), hours(3), 5)
    made = planned(line(trucks=fleet, lots=(goods("L1"), goods("L2")), slots=(first, later)))
    assert [end for _, _, end in entries(made)] == [1.5, 2.0]
    assert sorted(trip.slot_id for trip in made.trips) == ["S1", "S2"]


@pytest.mark.parametrize("limit", ["pass_until", "shift_end"])
@pytest.mark.parametrize(("end", "trips"), [(2.0, 1), (1.99, 0)])
def test_nothing_is_done_after_the_pass_or_the_shift_has_ended(
    limit: str, end: float, trips: int
) -> None:
    """The trip is over at 2:00: half an hour to load, one on the road, half an hour to unload."""
    made = planned(line(trucks=(lorry(**{limit: hours(end)}),)))
    assert len(made.trips) == trips


@pytest.mark.parametrize(("end", "trips"), [(3.0, 1), (2.99, 0)])
def test_the_way_home_is_part_of_the_shift(end: float, trips: int) -> None:
    """Empty at 2:00, at home at 3:00."""
    made = planned(line(trucks=(lorry(home=at(0), shift_end=hours(end)),)), return_home=True)
    assert len(made.trips) == trips
    assert [stop.kind for route in made.routes for stop in route.stops[-1:]] == ["home"] * trips


@pytest.mark.parametrize(
    ("has", "wants"),
    [
        ({"permits": frozenset({"city"})}, {"permits": frozenset({"city"})}),
        ({"skills": frozenset({"tail_lift"})}, {"needs": frozenset({"tail_lift"})}),
    ],
)
def test_only_a_truck_with_skill_and_permit_carries_a_lot(
    has: dict[str, Any], wants: dict[str, Any]
) -> None:
    """The able truck goes, though it stands an hour farther off."""
    made = planned(line(trucks=(lorry("T1"), lorry("T2", 1, **has)), lots=(goods(**wants),)))
    assert entries(made) == [("T2", "L1", 2.5)]


def test_only_a_truck_with_the_permit_enters_a_facility() -> None:
    """Of two ports the truck without the permit takes the farther one."""
    ports = (
        facility("F1", at(1), permits=frozenset({"port"})),
        facility("F2", at(2)),
    )
    made = planned(line(facilities=ports, slots=slots("F1") + slots("F2")))
    assert [trip.facility_id for trip in made.trips] == ["F2"]


def test_a_week_of_driving_has_an_end() -> None:
    """With 47 h driven, one hour is left: enough for this port, not for one a second farther."""
    tired = lorry(driving=DrivingState(0, 0, 47 * 3_600))
    assert len(planned(line(trucks=(tired,))).trips) == 1
    assert len(planned(line(trucks=(tired,)), week_s=48 * 3_600 - 1).trips) == 0


def test_goods_change_trucks_where_none_can_carry_them_all_the_way() -> None:
    """The light truck may not enter the port, the semi-trailer does not get to the farm.

    Loaded by 0:30, at the swap at 1:30, unloaded by 2:00, loaded again by 2:30, in at 4:30.
    """
    swap = Transhipment("X1", at(1))
    made = planned(
        line(
            3,
            trucks=(
                lorry("T1", vehicle_class="light_truck"),
                lorry("T2", 1, vehicle_class="semi_trailer", permits=frozenset({"port"})),
            ),
            facilities=(facility(position=at(3), permits=frozenset({"port"})),),
            travel=Line((("semi_trailer", 0.5),)),
            transhipments=(swap,),
        )
    )
    assert _stops(made, "T1") == [("pickup", "L1", 0.0), ("handover", "L1", 1.5)]
    assert _stops(made, "T2") == [("takeover", "L1", 2.0), ("delivery", "L1", 4.5)]
    assert [(trip.leg, trip.facility_id) for trip in made.trips] == [(1, "X1"), (2, "F1")]
    assert made.stats["assigned_kg"] == 5_000
    assert made.unassigned == ()


@pytest.mark.parametrize(("drivers", "trips"), [((), 0), ((DrivingState(),), 1)])
def test_another_driver_takes_over_where_the_first_has_no_hours_left(
    drivers: tuple[DrivingState, ...], trips: int
) -> None:
    """One hour is left of ten: to the swap at 1:30, ten minutes to change, in at 2:40."""
    swap = Transhipment("X1", at(1), "driver_swap", swap_s=600, drivers=drivers)
    tired = lorry(driving=DrivingState(0, 9 * 3_600))
    made = planned(line(2, trucks=(tired,), transhipments=(swap,)))
    assert [(trip.swap, round(hour(trip.delivery_eta) * 60)) for trip in made.trips] == [
        ("X1", 160)
    ] * trips
    assert [trip.driving.today_s for trip in made.trips] == [3_600] * trips


def test_a_committed_leg_comes_first_and_its_place_is_not_asked_for_again() -> None:
    """With goods aboard for a slot that is full without it, the truck is free at 2:00."""
    booked = Slot("S0", "F1", "G1", hours(1.5), hours(2), 0)
    leg = Committed("T1", goods("L0", 0), booked, aboard=True)
    made = planned(line(lots=(goods("L1", 1, destinations=("F1",)),), committed=(leg,)))
    assert _stops(made) == [
        ("delivery", "L0", 1.5),
        ("pickup", "L1", 2.0),
        ("delivery", "L1", 2.5),
    ]
    assert [(trip.committed, trip.sequence) for trip in made.trips] == [(True, 0), (False, 1)]


def test_a_truck_whose_committed_goods_have_no_road_is_told_and_left_alone() -> None:
    """It gets nothing else to do."""
    leg = Committed("T1", goods("L0"), slots()[3])
    made = planned(
        line(
            trucks=(lorry(vehicle_class="semi_trailer"),),
            travel=Line((("semi_trailer", 0.5),)),
            committed=(leg,),
        )
    )
    assert (made.stuck_trucks, made.trips) == (("T1",), ())


def test_a_pin_stays_where_it_is_though_another_truck_is_nearer() -> None:
    """The far truck keeps the lot and its late slot, even within the margin."""
    pin = Pin("T2", "L1", "S7")
    late = Slot("S7", "F1", "G1", hours(7), hours(7.1), 1)
    problem = line(trucks=(lorry("T1"), lorry("T2", 1)), slots=(*slots(), late), pins=(pin,))
    (trip,) = planned(problem, margin_s=900).trips
    assert (trip.truck_id, trip.slot_id, trip.pinned) == ("T2", "S7", True)


def test_the_earlier_plan_is_kept_unless_change_is_cheap() -> None:
    """The truck that had the lot stands three minutes farther off than a new one."""
    problem = line(
        trucks=(lorry("T1"), lorry("T2", 0.05)), earlier=(Earlier("L1", "T2", "F1|G1|02"),)
    )
    kept = planned(problem, churn_cost=1_000.0).trips[0]
    assert (kept.truck_id, kept.slot_id, kept.cost["churn"]) == ("T2", "F1|G1|02", 0)
    moved = planned(problem, churn_cost=0.0).trips[0]
    assert (moved.truck_id, moved.slot_id) == ("T1", "F1|G1|01")


def test_the_haulier_that_has_worked_less_gets_the_trip() -> None:
    """Of two equal trucks the one of the rested haulier goes."""
    for busy, goes in (("H-T1", "T2"), ("H-T2", "T1")):
        problem = line(trucks=(lorry("T1"), lorry("T2")), worked_s={busy: 36_000})
        assert planned(problem).trips[0].truck_id == goes


def test_of_two_lots_the_one_that_loses_more_value_goes_first() -> None:
    """Shrimp at 150,000 đồng a kilogram do not wait for fish at 10,000."""
    for dear, cheap in (("L1", "L2"), ("L2", "L1")):
        lots = (
            goods(dear, value_vnd_per_kg=150_000.0),
            goods(cheap, value_vnd_per_kg=10_000.0),
        )
        assert [lot_id for _, lot_id, _ in entries(planned(line(lots=lots)))] == [dear, cheap]


def test_a_truck_that_stands_at_one_farm_may_fetch_the_goods_of_another() -> None:
    """Where nothing is pooled nobody drives from farm to farm, but trucks stand anywhere."""
    lots = (goods("L1", 0, temperature="frozen"), goods("L2", 0.5))
    made = planned(line(lots=lots), pool=False)
    assert [lot_id for _, lot_id, _ in entries(made)] == ["L2"]
