"""Ask our search directly, with an instance laid out as arrays; for measuring the search alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from infra.bench.assignment.checker import Call
from infra.bench.assignment.instances import SERVICE_S, UNSERVED_COST, WAIT_COST, Instance
from routing.solver.draft import Draft
from routing.solver.model import Request, Slot, Stop, Vehicle

if TYPE_CHECKING:
    from routing.solver.draft import Model
    from routing.solver.solution import Solution


def model(instance: Instance) -> Model:
    """State an instance for the search: one shipment a lot, one option a port that takes it.

    Parameters
    ----------
    instance
        The problem.
    """
    draft = Draft(dimensions=1)
    draft.matrix([instance.drive_s])
    for truck in range(instance.trucks):
        draft.vehicle(
            Vehicle(
                start=truck,
                capacity=(1,),
                shift_start=int(instance.shift_start_s[truck]),
                shift_end=int(instance.shift_end_s[truck]),
                wait_cost=WAIT_COST,
            )
        )
    for _ in range(instance.ports):
        draft.facility()
    for slot in range(instance.slots):
        draft.slot(
            Slot(
                facility=int(instance.slot_port[slot]),
                start=int(instance.slot_start_s[slot]),
                last=int(instance.slot_end_s[slot]) - 1,
                capacity=int(instance.slot_places[slot]),
            )
        )
    reefers = np.flatnonzero(instance.reefer).tolist()
    for lot in range(instance.lots):
        draft.request(_request(instance, lot, reefers))
    return draft.model()


def routes(instance: Instance, solution: Solution) -> list[list[Call]]:
    """Turn the routes of the search into calls.

    Parameters
    ----------
    instance
        The problem.
    solution
        What the search found.
    """
    ports = [np.flatnonzero(takes).tolist() for takes in instance.takes]
    return [
        [
            Call(visit.request, ports[visit.request][visit.option], int(visit.slot or 0))
            for visit in route
            if visit.part == 1
        ]
        for route in solution.routes
    ]


def _request(instance: Instance, lot: int, reefers: list[int]) -> Request:
    hold = (0, int(instance.hold_s[lot]))
    pickup = Stop(
        place=instance.trucks + lot,
        service=SERVICE_S,
        windows=((int(instance.ready_s[lot]), int(instance.hold_s[lot])),),
    )
    options = tuple(
        (
            pickup,
            Stop(
                place=instance.trucks + instance.lots + port,
                service=SERVICE_S,
                windows=(hold,),
                facility=port,
            ),
        )
        for port in np.flatnonzero(instance.takes[lot]).tolist()
    )
    return Request(
        options=options,
        amount=(1,),
        vehicles=reefers if instance.chilled[lot] else None,
        unserved_cost=UNSERVED_COST,
    )
