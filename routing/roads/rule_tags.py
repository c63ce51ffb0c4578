"""Write the rules of arcs as OpenStreetMap tags them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from routing.roads.network import RULE_KINDS

if TYPE_CHECKING:
    from routing.roads.network import Arrays

_LIMITS = {
    "weight_kg": "maxweight",
    "height_mm": "maxheight",
    "axle_kg": "maxaxleload",
    "length_mm": "maxlength",
    "width_mm": "maxwidth",
}
"""Tags with a number: tonnes or metres, a thousandth of the rule's value."""


def rule_tags(arrays: Arrays) -> dict[int, dict[str, str]]:
    """Return the tags of every arc that has rules.

    A limit is its number, another rule ``no``; what holds at some hours only is a tag of its own
    that ends in ``:conditional``, and what holds but for some hours is said to be lifted then
    (the Wiki of OpenStreetMap, "Conditional restrictions"). ``turn``, which OpenStreetMap does
    not know, forbids an arc as the end of a move.

    Parameters
    ----------
    arrays
        The network.
    """
    when = [str(each) for each in arrays.when]
    rules: defaultdict[tuple[int, int], list[tuple[int, str]]] = defaultdict(list)
    columns = (arrays.rule_arc, arrays.rule_kind, arrays.rule_value, arrays.rule_when)
    for arc, kind, value, at in zip(*(column.tolist() for column in columns), strict=True):
        rules[arc, kind].append((value, when[at]))
    tags: dict[int, dict[str, str]] = {}
    for (arc, kind), of_arc in rules.items():
        tags.setdefault(arc, {}).update(_tags(RULE_KINDS[kind], of_arc))
    return tags


def _tags(kind: str, rules: list[tuple[int, str]]) -> dict[str, str]:
    """Return the tags for the rules of one kind: values, and when each holds."""
    name = _LIMITS.get(kind, kind)
    lifted = "none" if kind in _LIMITS else "yes"
    always = [value for value, when in rules if not when]
    plain = [value for value, when in rules if not when.startswith("+")]
    hours = []
    for value, when in rules:
        if when.startswith("+"):
            hours.append(f"{_said(kind, value)} @ ({when[1:]})")
        elif when:
            then = _said(kind, min(always)) if always else lifted
            hours.append(f"{then} @ ({when[1:]})")
    tags = {name: _said(kind, min(plain))} if plain else {}
    if hours:
        tags[f"{name}:conditional"] = "; ".join(dict.fromkeys(hours))
    return tags


def _said(kind: str, value: int) -> str:
    return f"{value / 1000:g}" if kind in _LIMITS else "no"
