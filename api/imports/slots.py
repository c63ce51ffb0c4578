"""Read rows of slots."""

from __future__ import annotations

from typing import Any

from api.imports.findings import Unread
from api.imports.grid import Cell
from api.imports.known import Doc
from api.imports.numbers import read_number
from api.imports.reader import Reader, at
from api.imports.target import Target
from api.imports.times import read_clock, read_day, read_window, spanned
from api.imports.words import WORDS, fold
from schemas.model import format_time
from schemas.slot import slot_key

_MOST_TRUCKS = 500
_GATE = ("cong", "cua", "gate", "so", "cau cang", "ben", "g")


def read_slot(reader: Reader) -> Target | None:
    """Read one slot; None where something is wrong with its row.

    Parameters
    ----------
    reader
        Its row.
    """
    facility = _facility(reader)
    gate = _gate(reader, facility) if facility else None
    day = reader.take("day", lambda cell: read_day(cell.value, reader.known.today), is_needed=True)
    window = _window(reader, day[1] if day else "")
    is_closed, capacity = _capacity(reader)
    if reader.findings or facility is None or gate is None or day is None or window is None:
        return None
    place_id = str(facility["place_id"])
    start, end = at(day[0], window[0]), at(day[0], window[1])
    slot_id = slot_key(place_id, gate, start)
    data: Doc = {
        "facility_id": place_id,
        "gate_id": gate,
        "window_start": format_time(start),
        "window_end": format_time(end),
    }
    present = reader.known.slots.get(slot_id)
    before = {k: (present or {}).get(k) for k in ("window_end", "capacity_trucks", "status")}
    shown = {"slot_id": slot_id, **data, "capacity_trucks": capacity}
    key = "window" if reader.cell("window") else "start"
    if is_closed:
        is_open = present is not None and present.get("status") != "closed"
        events = [("slot.closed", data)] if is_open else []
        return Target(slot_id, key, shown, events, before=before)
    if capacity is None:
        return None
    wanted = {
        "window_end": data["window_end"],
        "capacity_trucks": capacity,
        "status": "open",
    }
    events = [("slot.opened", {**data, "capacity_trucks": capacity})] if wanted != before else []
    return Target(slot_id, key, shown, events, is_new=present is None, before=before)


def _facility(reader: Reader) -> Doc | None:
    deed, shared = reader.known.deed, reader.known.shared.facility
    own = None if deed.is_wide else deed.actor.subject

    def read(cell: Cell | None) -> Doc:
        name = cell.text if cell else str(own or shared)
        found = reader.known.facility(name)
        if not deed.is_wide and found["place_id"] != own:
            raise Unread("not_yours")
        return found

    if reader.cell("facility_id") is None and (own or shared):
        try:
            return read(None)
        except Unread as unread:
            reader.note("facility_id", unread.code, **unread.params)
            return None
    return reader.take("facility_id", read, is_needed=True)


def _gate(reader: Reader, facility: Doc) -> str | None:
    gates: list[str] = facility.get("gates") or []
    if reader.cell("gate_id") is None and len(gates) == 1:
        return gates[0]

    def read(cell: Cell) -> str:
        if not gates:
            return fold(cell.text).replace(" ", "-") or "1"
        for gate in gates:
            if fold(gate) == fold(cell.text) or _bare(gate) == _bare(cell.text):
                return gate
        raise Unread("gate_unknown", near=", ".join(gates[:6]))

    if reader.row.table.column("gate_id") is None:
        reader.note("gate_id", "gate_unknown", near=", ".join(gates[:6]) or "–")
        return None
    return reader.take("gate_id", read, is_needed=True)


def _bare(gate: str) -> str:
    """Take the word for gate from a gate's name: `Cổng số 2` and `G2` are `2`."""
    folded = fold(gate)
    for word in _GATE:
        rest = folded.removeprefix(word).strip()
        if rest != folded and rest and (rest[0].isdigit() or folded.startswith(word + " ")):
            folded = rest
    return folded.lstrip("0") or folded


def _window(reader: Reader, rest: str) -> tuple[int, int] | None:
    if reader.cell("start") and reader.cell("end"):
        start = reader.take("start", lambda cell: read_clock(cell.value))
        end = reader.take("end", lambda cell: read_clock(cell.value))
        if start is None or end is None:
            return None
        return reader.take("end", lambda _: spanned(start, end))
    if reader.cell("window") is None and rest:
        return reader.take("day", lambda _: read_window(rest))
    if reader.row.table.column("window") is None and reader.row.table.column("start"):
        for name in ("start", "end"):
            reader.take(name, _any, is_needed=True)
        return None
    return reader.take("window", lambda cell: read_window(cell.value), is_needed=True)


def _any(cell: Cell) -> Any:
    return cell.value


def _capacity(reader: Reader) -> tuple[bool, int | None]:
    cell = reader.cell("capacity_trucks")
    if cell and fold(cell.text) in {fold(each) for each in WORDS["closed"]}:
        return True, None
    return False, reader.take("capacity_trucks", _trucks, is_needed=True)


def _trucks(cell: Cell) -> int:
    if cell.is_spread:  # one sum for several rows is none for each
        raise Unread("missing")
    value = cell.value
    if isinstance(value, str):
        value = fold(value).removesuffix("xe").strip() if fold(value).endswith("xe") else value
    number = read_number(value, is_whole=True)
    if number != number.to_integral_value() or not 0 <= number <= _MOST_TRUCKS:
        raise Unread("out_of_range", least=0, most=_MOST_TRUCKS)
    return int(number)
