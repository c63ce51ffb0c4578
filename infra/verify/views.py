"""Judge `views_agree`: tables, state topics and Redis say one thing, and the log says it too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infra.verify.finding import Finding
from infra.verify.log import KINDS, Doc, Log
from infra.verify.recompute import Expectation, alerts, expectations

_HEARD = frozenset({"closure", "corridor", "command"})
"""That each event on these left a state is what `accounted` judges."""


def judge(log: Log) -> Finding:
    """Compare every entity's copies with each other and with what the log makes of it."""
    finding = Finding()
    tables = _tables(log)
    for kind in KINDS:
        _judge_copies(log, finding, kind, tables)
    for kind, name, expected in expectations(log):
        doc = tables[kind].get(name)
        if _is_fresh(log, kind, name, doc):
            continue
        if doc is None and (kind in _HEARD or name in log.forgotten):
            continue
        finding.checked += 1
        if doc is None:
            finding.violate("unknown", f"The log tells of {kind} {name}, no table does.")
            continue
        for wrong in _differences(expected, doc):
            finding.violate("recomputed", f"{kind} {name}: {wrong}", kind=kind, id=name)
    _judge_alerts(log, finding)
    return finding


def _tables(log: Log) -> dict[str, dict[str, Doc]]:
    found: dict[str, dict[str, Doc]] = {kind: {} for kind in KINDS}
    for fold, table in log.tables.items():
        for entity in table.values():
            for view, doc in entity.get("views", {}).items():
                kind, _, name = view.partition(":")
                if KINDS.get(kind) == fold:
                    found[kind][name] = doc
    return found


def _is_fresh(log: Log, kind: str, name: str, doc: Mapping[str, Any] | None) -> bool:
    facility = name.split("|", 1)[0] if kind == "slot" else name
    lot = str((doc or {}).get("lot_id", name))
    return bool(log.fresh & {name, facility, lot})


def _judge_copies(
    log: Log, finding: Finding, kind: str, tables: Mapping[str, Mapping[str, Doc]]
) -> None:
    copies = {
        "the table": tables[kind],
        "the state topic": log.states[kind],
        "Redis": log.views.docs.get(kind, {}),
    }
    versions = log.views.versions.get(kind, {})
    for name in sorted(set().union(*copies.values())):
        found = {where: many.get(name) for where, many in copies.items()}
        if _is_fresh(log, kind, name, found["the table"]):
            continue
        finding.checked += 1
        table = found.pop("the table")
        for where, doc in found.items():
            if doc != table:
                detail = _disagreement(where, doc, table)
                finding.violate("differs", f"{kind} {name}: {detail}", kind=kind, id=name)
        if table is not None and versions.get(name) not in {None, table["version"]}:
            detail = f"Redis guards version {versions[name]}, the table is at {table['version']}."
            finding.violate("differs", f"{kind} {name}: {detail}", kind=kind, id=name)


def _disagreement(where: str, doc: Doc | None, table: Doc | None) -> str:
    if doc is None or table is None:
        missing, there = (where, "the table") if doc is None else ("the table", where)
        return f"{missing} does not know it, {there} does."
    names = sorted(n for n in {*doc, *table} if doc.get(n) != table.get(n))
    told = ", ".join(f"{n} {_short(doc.get(n))} for {_short(table.get(n))}" for n in names[:3])
    return f"{where} has {told} in the table."


def _differences(expected: Expectation, doc: Doc) -> Iterator[str]:
    for path, allowed in expected.fields.items():
        value = _at(doc, path)
        if value not in allowed:
            yield f"{path} is {_short(value)}, the log says {_short(allowed[-1])}."
    for path, names in expected.sets.items():
        top, _, part = path.partition(".")
        there = {one.get(part) for one in doc.get(top, [])}
        if there != names:
            odd = ", ".join(sorted(map(str, there ^ names))[:3])
            yield f"{top} differs from the log by {odd}."


def _at(doc: Doc, path: str) -> Any:
    value: Any = doc
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _judge_alerts(log: Log, finding: Finding) -> None:
    """Hold Redis's alerts, which no table keeps, against what was said of them."""
    shown = log.views.docs.get("alert", {})
    for name, status in alerts(log).items():
        if name in log.fresh or not log.whole("alert.v1"):
            continue
        finding.checked += 1
        doc = shown.get(name)
        found = "cleared" if doc is None else doc.get("status")
        if found != status:
            finding.violate(
                "recomputed", f"alert {name} is {found} in Redis, it was {status}.", kind="alert"
            )
