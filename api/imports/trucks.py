"""Read rows of trucks."""

from __future__ import annotations

import re

from api.imports.findings import Unread
from api.imports.grid import Cell
from api.imports.known import Doc
from api.imports.reader import Reader
from api.imports.target import Target, differing
from api.imports.words import WORDS, fold, word_of
from schemas.truck import normal_plate

_MOST_KG = 60_000
_SEVERAL = re.compile(r"\s*[/;,\n]\s*|\s+-\s+")
_ASSUMED = WORDS["assumed"]


def read_truck(reader: Reader) -> Target | None:
    """Read one truck; None where something is wrong with its row.

    Parameters
    ----------
    reader
        Its row.
    """
    known = reader.known
    plate = reader.take("plate", read_plate, is_needed=True)
    haulier = reader.take(
        "haulier_id",
        lambda cell: known.owner(cell.text, known.hauliers),
        is_needed=not known.shared.owner,
    )
    payload = reader.weight("payload_kg", _MOST_KG, _unit_of_payload)
    truck_id = reader.identifier("truck_id")
    same_plate = known.truck_of_plate.get(normal_plate(plate or ""))
    if truck_id is not None and same_plate not in {None, truck_id}:
        reader.note("plate", "plate_taken", other=same_plate)
    truck_id = truck_id or same_plate or f"truck-{normal_plate(plate or 'x').lower()}"
    present = known.trucks.get(truck_id)
    home = reader.point("home", is_needed=present is None)
    wanted = {
        "plate": None if plate and normal_plate(plate) == _plate_of(present) else plate,
        "haulier_id": haulier or (None if present else known.shared.owner),
        "vehicle_class": _vehicle_class(reader),
        "driver_id": reader.identifier("driver_id"),
        "payload_kg": payload,
        "temperature_classes": _temperatures(reader),
        "home": home,
    }
    region = reader.region(present)
    status = reader.take("status", _status)
    if reader.findings or plate is None or payload is None or region is None:
        return None
    hidden = {"plate", "driver_id", "home"}
    shown = {k: v for k, v in wanted.items() if v is not None and k not in hidden}
    shown = {"truck_id": truck_id, **shown, "region": region}
    if present is not None:
        return _changed(truck_id, present, {**wanted, "region": region}, status, shown)
    if home is None or wanted["haulier_id"] is None:
        return None
    return _new(truck_id, {**wanted, "region": region}, status, shown)


def read_plate(cell: Cell) -> str:
    """Read a plate; of a tractor and its trailer, the tractor's.

    Raises
    ------
    Unread
        `plate_unreadable`.
    """
    plate = _SEVERAL.split(cell.text)[0].strip().upper()
    normal = normal_plate(plate)
    has_both = any(map(str.isdigit, normal)) and any(map(str.isalpha, normal))
    if not (has_both and 5 <= len(normal) <= 12 and len(plate) <= 20):
        raise Unread("plate_unreadable")
    return plate


def _plate_of(present: Doc | None) -> str:
    return normal_plate((present or {}).get("plate") or "")


def _new(truck_id: str, wanted: Doc, status: str | None, shown: Doc) -> Target:
    assumed = set()
    data = {"truck_id": truck_id, **{k: v for k, v in wanted.items() if v is not None}}
    if "vehicle_class" not in data:
        data["vehicle_class"] = _class_by_payload(data["payload_kg"])
        assumed.add("vehicle_class")
    if "temperature_classes" not in data:
        data["temperature_classes"] = ["ambient"]
        assumed.add("temperature_classes")
    data["status"] = status or "available"
    shown = {**shown, **{name: data[name] for name in assumed}}
    return Target(
        truck_id,
        "plate",
        shown,
        [("truck.registered", data)],
        is_new=True,
        assumed=frozenset(assumed),
    )


def _changed(truck_id: str, present: Doc, wanted: Doc, status: str | None, shown: Doc) -> Target:
    changes = differing(wanted, present)
    before = {name: present.get(name) for name in (*changes, "status")}
    region = changes.pop("region", None)
    events: list[tuple[str, Doc]] = []
    if changes:
        events.append(("truck.updated", {"truck_id": truck_id, **changes}))
    if region is not None:
        events.append(("truck.transferred", {"truck_id": truck_id, "region": region}))
    if status is not None and status != present.get("status"):
        events.append(("truck.status_changed", {"truck_id": truck_id, "status": status}))
    return Target(truck_id, "plate", shown, events, before=before)


def _unit_of_payload(number: float) -> int | None:
    """Tell tonnes from kilograms: no truck carries 60 kg, and none 400 t."""
    return 1000 if number <= 60 else 1 if number >= 400 else None


def _vehicle_class(reader: Reader) -> str | None:
    """Read the class by its name or by the number of axles; a plain `xe tải` says neither."""
    axles = reader.take("axles", lambda cell: _ASSUMED["vehicle_class_of_axles"].get(cell.text))

    def read(cell: Cell) -> str | None:
        text = re.sub(r"\d+(?:[.,]\d+)?\s*(?:t|tấn|tan|kg)\b\.?\d*", " ", cell.text.lower())
        if fold(text) in {fold(each) for each in WORDS["plain_trucks"]} or not fold(text):
            return None
        if found := word_of("vehicle_class", text):
            return found
        padded = f" {fold(text)} "
        for word, names in WORDS["names"]["vehicle_class"].items():
            if any(f" {fold(name)} " in padded for name in names):
                return str(word)
        if word_of("temperature", text) or fold(text).startswith(("xe tai", "tai ", "xe ")):
            return None
        raise Unread("word_unknown", near="Xe tải 2 trục, Xe tải 3 trục, Đầu kéo")

    return reader.take("vehicle_class", read) or axles


def _class_by_payload(payload_kg: int) -> str:
    limits: dict[str, int] = _ASSUMED["vehicle_class_to_kg"]
    return next(word for word, most in limits.items() if payload_kg <= most)


def _temperatures(reader: Reader) -> list[str] | None:
    keeps: dict[str, list[str]] = _ASSUMED["truck_keeps"]
    if word := reader.word("temperature_classes", "temperature"):
        return keeps[word]
    kind = reader.cell("vehicle_class")
    padded = f" {fold(kind.text)} " if kind else ""
    for word in ("frozen", "chilled"):
        names = [name for name in WORDS["names"]["temperature"][word] if " " in name]
        if any(f" {fold(name)} " in padded for name in names):
            return keeps[word]
    return None


def _status(cell: Cell) -> str:
    for status, names in WORDS["status"].items():
        if fold(cell.text) in {fold(name) for name in names}:
            return str(status)
    raise Unread("word_unknown", near="Sẵn sàng, Nghỉ")
