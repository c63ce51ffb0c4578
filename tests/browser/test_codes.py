"""Hold the pages' words against every code that dispatch can say."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from schemas.corridor import FindingKind
from schemas.dispatch import Outage
from schemas.vocabulary import VOCABULARY

_ROOT = Path(__file__).parents[2]
_WORDS = _ROOT / "api" / "pages" / "src" / "words"
_CATALOGUES = {
    language: json.loads((_WORDS / f"{language}.json").read_text(encoding="utf-8"))
    for language in ("vi", "en")
}
_TREES = [
    ast.parse(path.read_text(encoding="utf-8")) for path in sorted(_ROOT.glob("streams/*.py"))
]
_SENTENCES = json.loads(
    (_ROOT / "routing" / "dispatch" / "sentences.json").read_text(encoding="utf-8")
)
_CODE = re.compile(r"[a-z]+(_[a-z]+)*")
_NOT_SHOWN = frozenset({"not_wanted"})
"""Why a place in a slot goes back that no assignment stands for."""


def _text(node: ast.AST) -> Iterator[str]:
    """List the constants that an expression may be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _text(node.body)
        yield from _text(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from _text(value)


def _nodes(kind: type[Any]) -> Iterator[Any]:
    for tree in _TREES:
        yield from (node for node in ast.walk(tree) if isinstance(node, kind))


def _called(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def _keyword(call: ast.Call, name: str) -> Iterator[str]:
    for keyword in call.keywords:
        if keyword.arg == name:
            yield from _text(keyword.value)


def _returned(function: ast.FunctionDef) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and node.value is not None:
            yield node.value


def alerts() -> set[str]:
    """Collect the codes of all alerts."""
    found = {"truck_held", "truck_refused"}
    found |= {f"planner_{outage}" for outage in get_args(Outage)}
    found |= {f"corridor_{kind}" for kind in get_args(FindingKind)}
    for call in _nodes(ast.Call):
        name = _called(call)
        if name == "AlertRaised":
            found.update(_keyword(call, "code"))
        elif name in {"warn", "_alert", "_warn"}:
            found.update([text for each in call.args for text in _text(each)][:1])
    return found


def causes() -> set[str]:
    """Collect why assignments change or end."""
    found = {"capacity_cut", "slot_closed", "slot_full", "breakdown", "accident"}
    for call in _nodes(ast.Call):
        if _called(call) in {"end", "change", "_cancel_unloaded"}:
            found.update(_keyword(call, "reason"))
        if _called(call) == "_cancel_unloaded":
            found.update(text for each in call.args[-1:] for text in _text(each))
    for function in _nodes(ast.FunctionDef):
        if function.name == "misfit":
            found.update(text for value in _returned(function) for text in _text(value))
    return found


def refusals() -> set[str]:
    """Collect why commands are refused."""
    found = {"not_open"} | set(VOCABULARY["reason"]) - {"no_truck"}
    found |= {f"already_{status}" for status in ("declined", "expired", "cancelled", "delivered")}
    for call in _nodes(ast.Call):
        if _called(call) == "_wrong_status" and len(call.args) == 2:
            found.update(f"not_{text}" for text in _text(call.args[1]))
    for function in _nodes(ast.FunctionDef):
        for value in _returned(function):
            if function.name == "_obstacle":
                found.update(_text(value))
            elif isinstance(value, ast.Tuple) and len(value.elts) == 2:
                found.update(text for text in _text(value.elts[0]) if _CODE.fullmatch(text))
    return found


def left() -> set[str]:
    """Collect why goods are left over."""
    return {name.removeprefix("left.") for name in _SENTENCES if name.startswith("left.")} - {
        "no_slot_at_all"
    }


def alternatives() -> set[str]:
    """Collect why alternatives are not taken."""
    return {name.removeprefix("why.") for name in _SENTENCES if name.startswith("why.")}


def _missing(start: str, codes: set[str]) -> list[str]:
    return [
        f"{language}: {start}{code}"
        for language, words in _CATALOGUES.items()
        for code in sorted(codes)
        if not words.get(f"{start}{code}", "").strip()
    ]


@pytest.mark.parametrize(
    ("start", "codes", "known"),
    [
        ("alert.", alerts(), "truck_silent"),
        ("cause.", causes() - _NOT_SHOWN, "destination_changed"),
        ("refusal.", refusals(), "nothing_to_change"),
        ("reason.", left(), "slot_full"),
        ("why.", alternatives(), "truck_taken"),
    ],
)
def test_every_code_has_words_in_both_languages(start: str, codes: set[str], known: str) -> None:
    assert known in codes
    assert _missing(start, codes) == []


def test_every_alert_and_reason_has_a_short_name() -> None:
    assert alerts() == set(VOCABULARY["alert"])
    assert left() <= set(VOCABULARY["reason"])
