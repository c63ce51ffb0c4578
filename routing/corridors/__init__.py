"""Judge what trucks do on corridors: pure, without a clock."""

from routing.corridors.deviations import (
    Mended,
    OnCorridor,
    Raised,
    Said,
    begun,
    from_doc,
    left,
    passed,
    to_doc,
    took,
)
from routing.corridors.findings import Finding, Kind
from routing.corridors.match import CorridorPlace, Course, Matched
from routing.corridors.params import WatchParams
from routing.corridors.rules import CorridorRules, rules_of
from routing.corridors.seen import Fix, Scan, Seen, see
from routing.corridors.signs import Sign, sign_of

__all__ = [
    "CorridorPlace",
    "CorridorRules",
    "Course",
    "Finding",
    "Fix",
    "Kind",
    "Matched",
    "Mended",
    "OnCorridor",
    "Raised",
    "Said",
    "Scan",
    "Seen",
    "Sign",
    "WatchParams",
    "begun",
    "from_doc",
    "left",
    "passed",
    "rules_of",
    "see",
    "sign_of",
    "to_doc",
    "took",
]
