"""Read rows of drivers with their licences and permits; who they are is only ever kept sealed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from api.audit import chronicle
from api.desk import Deed
from api.imports.findings import Unread
from api.imports.grid import Cell
from api.imports.known import Doc, Known, pseudonym
from api.imports.reader import Reader
from api.imports.target import Target, differing
from api.imports.times import read_day
from api.imports.trucks import read_plate
from api.imports.words import fold
from api.kept import record_of
from api.personal.people import TOPIC, Particulars, PersonPath, seal, unsealed
from schemas.envelope import Record
from schemas.person import PersonKept
from schemas.personal import ROW
from schemas.truck import normal_plate

_KEEP = timedelta(days=ROW["person"].days or 0)
_PERMIT = "giấy nhận diện"
_TOLD = 50


def read_permit(reader: Reader) -> Target | None:
    """Read one driver; None where something is wrong with the row.

    Parameters
    ----------
    reader
        Its row.
    """
    known = reader.known
    said: Doc = {
        "name": reader.text("name", 200, is_needed=True),
        "phone": reader.take("phone", _phone),
        "licence_number": reader.text("licence_number", 200),
        "licence_class": reader.text("licence_class", 16),
        "licence_until": _day(reader, "licence_until"),
    }
    permit = _permit(reader)
    truck = reader.take("plate", lambda cell: _truck(known, cell))
    haulier = reader.take("haulier_id", lambda cell: known.owner(cell.text, known.hauliers))
    person_id = reader.take("driver_id", _made_up)
    if reader.findings or said["name"] is None:
        return None
    person_id = person_id or _person_id(known, said)
    present: PersonKept | None = known.deed.desk.kept.get(TOPIC, person_id)
    haulier = haulier or (truck or {}).get("haulier_id") or known.shared.owner
    haulier = haulier or (present.haulier_id if present else None)
    region = reader.region(
        {"region": present.region} if present else {"region": (truck or {}).get("region")}
    )
    if region is None:
        return None
    person = _person(known, present, said, permit)
    person |= {"person_id": person_id, "region": region, "haulier_id": haulier}
    events: list[tuple[str, Doc]] = []
    if truck is not None and truck.get("driver_id") != person_id:
        data = {"truck_id": truck["truck_id"], "driver_id": person_id}
        events.append(("truck.updated", data))
    return Target(
        person_id,
        "name",
        {"person_id": person_id, "region": region, "truck_id": (truck or {}).get("truck_id")},
        events,
        is_new=present is None,
        before=(truck or {}).get("driver_id"),
        person=person if _differs(present, person) else None,
    )


async def people_records(deed: Deed, people: Sequence[Doc]) -> list[Record]:
    """Seal people as records, once it is written down who keeps them.

    Parameters
    ----------
    deed
        Who imports.
    people
        As `Target.person` has them.

    Raises
    ------
    Problem
        `broker_unavailable`.
    """
    for region in sorted({each["region"] for each in people}):
        names = [f"person/{each['person_id']}" for each in people if each["region"] == region]
        for part in _parts(names):
            await chronicle(deed.desk, deed.actor, "person.kept", entities=part, region=region)
    now = datetime.now(UTC)
    return [record_of(TOPIC, _sealed(deed, each, now)) for each in people]


def _parts(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), _TOLD):
        yield names[start : start + _TOLD]


def _sealed(deed: Deed, person: Doc, now: datetime) -> PersonKept:
    person_id, haulier_id = person["person_id"], person["haulier_id"]
    return PersonKept(
        person_id=person_id,
        kind="driver",
        region=person["region"],
        haulier_id=haulier_id,
        sealed=seal(deed.desk, person_id, haulier_id, person["said"]),
        updated_at=now,
        keep_until=now + _KEEP,
    )


def _person(known: Known, present: PersonKept | None, said: Doc, permit: Doc | None) -> Doc:
    """Put what a row says over what is kept; nobody is shown it, so that no reading is logged."""
    kept = unsealed(known.deed.desk, present) if present else None
    before: Doc = kept.model_dump() if kept else {"permits": []}
    permits = [
        each for each in before["permits"] if permit is None or each["number"] != permit["number"]
    ]
    merged = {**before, **differing(said, {}), "permits": permits + ([permit] if permit else [])}
    return {"said": Particulars.model_validate(merged), "before": kept}


def _differs(present: PersonKept | None, person: Doc) -> bool:
    if present is None or person["said"] != person["before"]:
        return True
    return (present.region, present.haulier_id) != (person["region"], person["haulier_id"])


def _permit(reader: Reader) -> Doc | None:
    number = reader.text("permit_number", 200)
    until = _day(reader, "permit_until")
    kind = reader.text("permit_kind", 200)
    if number is None:
        if (until or kind) and reader.row.table.column("permit_number"):
            reader.note("permit_number", "missing")
        return None
    return {"kind": kind or _PERMIT, "number": number, "until": until}


def _day(reader: Reader, name: str) -> Any:
    found = reader.take(name, lambda cell: read_day(cell.value, reader.known.today))
    return found[0] if found else None


def _phone(cell: Cell) -> str:
    """Read a telephone number; Excel takes the leading 0 of one that is kept as a number."""
    text = cell.text
    if isinstance(cell.value, int | float) and len(text) == 9:
        text = f"0{text}"
    first = re.split(r"\s*[/;,\n]\s*|\s+-\s+", text)[0]
    if not re.fullmatch(r"\+?[0-9 .()-]{6,24}", first):
        raise Unread("invalid", why="no telephone number")
    return first


def _truck(known: Known, cell: Cell) -> Doc:
    truck_id = known.truck_of_plate.get(normal_plate(read_plate(cell)))
    if truck_id is None:
        raise Unread("truck_unknown")
    return {**known.trucks[truck_id], "truck_id": truck_id}


def _made_up(cell: Cell) -> str:
    try:
        return PersonPath(person_id=cell.text).person_id
    except ValueError:
        raise Unread("invalid", why="make an id up, such as tx-017") from None


def _person_id(known: Known, said: Doc) -> str:
    """Name a driver by what tells people apart, so that only who has the secret can find out."""
    apart = said["licence_number"] or f"{said['name']} {said['phone'] or ''}"
    return f"driver-{pseudonym(known.deed.desk.config.secret, fold(apart))}"
