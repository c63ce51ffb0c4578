"""Read rows of lots."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from api.imports.findings import Unread
from api.imports.grid import Cell
from api.imports.known import Doc
from api.imports.numbers import read_number
from api.imports.reader import Reader
from api.imports.target import Target, differing, digest_of
from api.imports.words import WORDS, fold
from schemas.model import format_time, parse_time

_MOST_KG = 1_000_000
_MOST_PRICE = 100_000_000
_ASSUMED = WORDS["assumed"]
_FIXED = ("product", "region", "declarer_id", "pickup")


def read_lot(reader: Reader, seen: Counter[str]) -> Target | None:
    """Read one lot; None where something is wrong with its row.

    Parameters
    ----------
    reader
        Its row.
    seen
        How often each combination of declarer, product, place and time came before in the file:
        lots without ids of their own are told apart so.
    """
    known = reader.known
    lot_id = reader.identifier("lot_id")
    product = reader.word("product", "product", is_needed=True)
    quantity = reader.weight("quantity_kg", _MOST_KG, lambda _: None)
    pickup = reader.point("pickup", is_needed=True)
    ready = reader.moment("ready_day", "ready_time")
    wanted: Doc = {
        "grade": reader.text("grade", 64),
        "price_vnd_per_kg": _price(reader),
        "temperature": reader.word("temperature", "temperature"),
        "destinations": reader.take("destinations", lambda cell: _facilities(reader, cell)),
        "declarer_id": _declarer(reader),
    }
    hold = _hold(reader, ready)
    if lot_id is None and None not in (product, pickup, ready):
        assert pickup is not None
        place = [round(pickup["lat"], 4), round(pickup["lon"], 4), fold(pickup["name"])]
        same = digest_of(wanted["declarer_id"], product, place, _told(ready))
        seen[same] += 1
        lot_id = f"lot-{digest_of(same, seen[same])}"
    present = known.lots.get(lot_id or "")
    region = reader.region(present)
    is_others = (present or wanted).get("declarer_id") != known.deed.actor.subject
    if is_others and not known.deed.is_wide:
        reader.note("lot_id", "not_yours")
        return None
    if reader.findings or None in (lot_id, product, quantity, pickup, ready, region):
        return None
    assert lot_id is not None
    assert ready is not None
    wanted |= {
        "product": product,
        "quantity_kg": quantity,
        "pickup": pickup,
        "ready_from": _told(ready),
        "hold_until": _told(hold),
        "region": region,
    }
    if hold is not None and hold <= ready:
        reader.note("hold_until" if reader.cell("hold_until") else "hold_hours", "before_ready")
        return None
    return _changed(reader, lot_id, present, wanted) if present else _new(lot_id, wanted)


def _new(lot_id: str, wanted: Doc) -> Target:
    data = {"lot_id": lot_id, **{k: v for k, v in wanted.items() if v is not None}}
    assumed = set()
    if "hold_until" not in data:
        hours = _ASSUMED["hold_hours"][data["product"]]
        data["hold_until"] = format_time(parse_time(data["ready_from"]) + timedelta(hours=hours))
        assumed.add("hold_until")
    if "temperature" not in data:
        data["temperature"] = _ASSUMED["lot_temperature"].get(data["product"], "ambient")
        assumed.add("temperature")
    return Target(
        lot_id,
        "lot_id",
        _shown(data),
        [("lot.declared", data)],
        is_new=True,
        assumed=frozenset(assumed),
    )


def _changed(reader: Reader, lot_id: str, present: Doc, wanted: Doc) -> Target | None:
    if present.get("status") == "withdrawn":
        reader.note("lot_id", "withdrawn")
        return None
    changes = differing(wanted, present)
    for name in _FIXED:
        if name in changes:
            was = present.get(name)
            was = was.get("name") if isinstance(was, dict) else was
            reader.note(name, "not_changeable", was=was or "–")
            return None
    if "hold_until" not in wanted or wanted["hold_until"] is None:
        ready = changes.get("ready_from")
        if ready is not None and parse_time(ready) >= parse_time(present["hold_until"]):
            hours = _ASSUMED["hold_hours"][present["product"]]
            changes["hold_until"] = format_time(parse_time(ready) + timedelta(hours=hours))
    events = [("lot.revised", {"lot_id": lot_id, **changes})] if changes else []
    before = {name: present.get(name) for name in changes}
    return Target(lot_id, "lot_id", _shown({"lot_id": lot_id, **wanted}), events, before=before)


def _shown(data: Doc) -> Doc:
    hidden = {"pickup", "declarer_id"}
    return {name: value for name, value in data.items() if value is not None and name not in hidden}


def _told(moment: datetime | None) -> str | None:
    return format_time(moment) if moment is not None else None


def _declarer(reader: Reader) -> str | None:
    """Name the declarer: oneself, where a declarer imports."""
    known = reader.known
    own = known.deed.actor.subject
    if known.deed.is_wide:
        told = reader.take("declarer_id", lambda cell: known.owner(cell.text, known.declarers))
        return told or known.shared.owner

    def read(cell: Cell) -> None:
        named = known.owner(cell.text, known.declarers)
        if named != own and named in known.declarers.values():
            raise Unread("not_yours")

    reader.take("declarer_id", read)
    return own


def _price(reader: Reader) -> int | None:
    column = reader.row.table.column("price_vnd_per_kg")
    is_thousands = column is not None and column.unit == "thousand"

    def read(cell: Cell) -> int:
        factor = 1000 if is_thousands else 1
        value: Any = cell.value
        if isinstance(value, str):
            text = re.sub(r"(?i)\s*(?:đồng|đ|vnđ|vnd|dong)?\s*(?:/\s*kg)?\s*$", "", value.strip())
            if small := re.fullmatch(r"(?i)(.*\d)\s*(?:k|nghìn|ngàn|nghin|ngan)", text):
                factor, text = 1000, small[1]
            value = text
        price = round(read_number(value, is_whole=factor == 1) * factor)
        if not 0 <= price <= _MOST_PRICE:
            raise Unread("out_of_range", least=0, most=_MOST_PRICE)
        return price

    return reader.take("price_vnd_per_kg", read)


def _facilities(reader: Reader, cell: Cell) -> list[str]:
    names = [each.strip() for each in re.split(r"[;,\n/]|\bhoặc\b", cell.text) if each.strip()]
    return [str(reader.known.facility(name)["place_id"]) for name in names[:50]]


def _hold(reader: Reader, ready: datetime | None) -> datetime | None:
    if reader.cell("hold_until"):
        return reader.moment("hold_until", None, is_end=True)
    column = reader.row.table.column("hold_hours")

    def hours(cell: Cell) -> float:
        text = fold(cell.text)
        is_days = "ngay" in text or (
            column is not None and "ngay" in fold(column.heading) and not text.endswith("gio")
        )
        digits = re.sub(r"[^\d.,]+$", "", cell.text)
        number = float(read_number(digits or cell.text)) * (24 if is_days else 1)
        if not 1 <= number <= 24 * 60:
            raise Unread("out_of_range", least="1 h", most="60 d")
        return number

    told = reader.take("hold_hours", hours)
    return ready + timedelta(hours=told) if told is not None and ready is not None else None
