"""Assign trucks to lots, port slots and corridors."""

from routing.dispatch.outcome import (
    Alternative,
    ForcedAnswer,
    Plan,
    Reason,
    Trip,
    Unassigned,
)
from routing.dispatch.params import Params
from routing.dispatch.problem import (
    AssemblyPoint,
    Corridor,
    DrivingState,
    Facility,
    Forced,
    InvalidProblem,
    Lot,
    Point,
    Problem,
    Slot,
    Travel,
    Truck,
)
from routing.dispatch.rules import Refusal
from routing.dispatch.solve import plan
from routing.dispatch.stop import FirstOf, Iterations, StopCriterion, Until

__all__ = [
    "Alternative",
    "AssemblyPoint",
    "Corridor",
    "DrivingState",
    "Facility",
    "FirstOf",
    "Forced",
    "ForcedAnswer",
    "InvalidProblem",
    "Iterations",
    "Lot",
    "Params",
    "Plan",
    "Point",
    "Problem",
    "Reason",
    "Refusal",
    "Slot",
    "StopCriterion",
    "Travel",
    "Trip",
    "Truck",
    "Unassigned",
    "Until",
    "plan",
]
