"""Judge routes: reckon their times and their cost anew, and name every rule that they break.

Nothing here is shared with any solver, ours included; the rules are those of `instances`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from infra.bench.assignment.instances import SERVICE_S, UNSERVED_COST, WAIT_COST, Instance


class Call(NamedTuple):
    """One lot of a truck's route, the port that it goes to, and the slot there."""

    lot: int
    port: int
    slot: int


Routes = Sequence[Sequence[Call]]
"""For each truck, its lots in their order."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What routes cost, and what is wrong with them.

    Attributes
    ----------
    cost
        Seconds, unserved lots included.
    drive_s, wait_s
        Seconds of all trucks.
    served, used
        How many lots are served, by how many trucks.
    violations
        A sentence for each rule that is broken.
    """

    cost: float
    drive_s: int
    wait_s: int
    served: int
    used: int
    violations: tuple[str, ...]


def judge(instance: Instance, routes: Routes) -> Verdict:
    """Judge routes, each truck being as early as its sequence lets it.

    Parameters
    ----------
    instance
        The problem.
    routes
        One for each truck.
    """
    found: list[str] = []
    drive_s = wait_s = 0
    if len(routes) != instance.trucks:
        found.append(f"{len(routes)} routes for {instance.trucks} trucks")
    for truck, route in enumerate(routes[: instance.trucks]):
        drove_s, waited_s = _follow(instance, truck, route, found)
        drive_s += drove_s
        wait_s += waited_s
    calls = [call for route in routes for call in route]
    lots = Counter(call.lot for call in calls)
    found += [f"lot {lot} is served {times} times" for lot, times in lots.items() if times > 1]
    found += _crowded(instance, calls)
    left = instance.lots - len(lots)
    return Verdict(
        cost=drive_s + WAIT_COST * wait_s + UNSERVED_COST * left,
        drive_s=drive_s,
        wait_s=wait_s,
        served=len(lots),
        used=sum(bool(route) for route in routes),
        violations=tuple(found),
    )


def _follow(
    instance: Instance, truck: int, route: Sequence[Call], found: list[str]
) -> tuple[int, int]:
    """Follow one truck through its day; return its seconds of driving and of waiting."""
    at = truck
    begun_s = now_s = int(instance.shift_start_s[truck])
    drive_s = 0
    for call in route:
        pickup, gate = instance.trucks + call.lot, instance.trucks + instance.lots + call.port
        found += _mismatches(instance, truck, call)
        to_pickup_s = int(instance.drive_s[at, pickup])
        to_gate_s = int(instance.drive_s[pickup, gate])
        loaded_s = max(now_s + to_pickup_s, int(instance.ready_s[call.lot])) + SERVICE_S
        arrival_s = loaded_s + to_gate_s
        unload_s = max(arrival_s, int(instance.slot_start_s[call.slot]))
        if unload_s >= instance.slot_end_s[call.slot]:
            found.append(f"truck {truck} misses slot {call.slot} with lot {call.lot}")
        if unload_s > instance.hold_s[call.lot]:
            found.append(f"lot {call.lot} is held too long")
        now_s, at = unload_s + SERVICE_S, gate
        drive_s += to_pickup_s + to_gate_s
    if route and now_s > instance.shift_end_s[truck]:
        found.append(f"truck {truck} works longer than its shift")
    return drive_s, now_s - begun_s - drive_s - 2 * SERVICE_S * len(route)


def _mismatches(instance: Instance, truck: int, call: Call) -> Iterator[str]:
    if instance.chilled[call.lot] and not instance.reefer[truck]:
        yield f"truck {truck} cannot chill lot {call.lot}"
    if not instance.takes[call.lot, call.port]:
        yield f"port {call.port} does not take lot {call.lot}"
    if instance.slot_port[call.slot] != call.port:
        yield f"slot {call.slot} is none of port {call.port}"


def _crowded(instance: Instance, calls: Sequence[Call]) -> Iterator[str]:
    for slot, trucks in sorted(Counter(call.slot for call in calls).items()):
        if trucks > instance.slot_places[slot]:
            yield f"slot {slot} has {instance.slot_places[slot]} places for {trucks} trucks"
