"""Say what somebody is about to do, so that it is written down first."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from api.audit.context import ASKED
from schemas.audit import MOST_EVENTS, AuditedEvent, AuditNote

if TYPE_CHECKING:
    from api.desk import Desk
    from api.intake import Checked
    from api.tokens import Actor

TELEMETRY = frozenset({"truck.position_reported"})
"""Types that are measured, not decided: they are not written down one by one."""

_KIND_OF_FIELD = {
    "assignment_id": "assignment",
    "checkpoint_id": "checkpoint",
    "closure_id": "closure",
    "corridor_id": "corridor",
    "facility_id": "facility",
    "lot_id": "lot",
    "place_id": "place",
    "slot_id": "slot",
    "truck_id": "truck",
    "zone_id": "zone",
}
"""Fields of events that name what they are about; none of a person's, and no plate."""
_MOST_ENTITIES = 200
_MOST_REASON = 500
_ADDRESS = "address"


async def chronicle(
    desk: Desk,
    actor: Actor | None,
    action: str,
    *,
    entities: Iterable[str] = (),
    region: str | None = None,
    reason: str | None = None,
    outcome: Literal["allowed", "refused"] = "allowed",
) -> None:
    """Write down what somebody is about to do, other than writing events; then let it be done.

    Where and how it was asked for is taken from the request that is being served.

    Parameters
    ----------
    desk
        What the process works with.
    actor
        Who; None where nobody was recognised.
    action
        A past participle after a noun, such as `key.created`.
    entities
        What it is about, each `KIND/ID`; ids that say nothing about people.
    region
        Whose dispatch region it concerns, if one's.
    reason
        Why, in the actor's own words.
    outcome
        Whether it is allowed.

    Raises
    ------
    Problem
        `broker_unavailable`: it could not be written down, and must not be done.
    """
    note = make_note(
        desk,
        actor,
        action,
        entities=list(entities)[:_MOST_ENTITIES],
        region=region,
        reason=reason,
        outcome=outcome,
    )
    await desk.audit.write(note)


async def chronicle_events(desk: Desk, actor: Actor, checked: Sequence[Checked]) -> None:
    """Write down which events somebody is about to write; telemetry is passed over.

    Parameters
    ----------
    desk
        What the process works with.
    actor
        Who.
    checked
        The events of one request.

    Raises
    ------
    Problem
        `broker_unavailable`: it could not be written down, and must not be done.
    """
    audited = (each for each in checked if each.type not in TELEMETRY)
    notes = [_of_events(desk, actor, part) for part in _parts(audited)]
    if notes:
        await desk.audit.write(*notes)


def note(
    desk: Desk,
    actor: Actor | None,
    action: str,
    *,
    once_for: str,
    outcome: Literal["allowed", "refused"] = "refused",
) -> None:
    """Write down what cannot be held up or undone, such as a refusal; nobody waits for it.

    Parameters
    ----------
    desk, actor, action, outcome
        As in `chronicle`.
    once_for
        The same within a minute is written once.
    """
    made = make_note(desk, actor, action, outcome=outcome)
    asked = ASKED.get()
    place = asked.address if asked else None
    desk.audit.note(made, once_for=f"{action} {made.route} {place} {once_for}")


def make_note(desk: Desk, actor: Actor | None, action: str, **said: Any) -> AuditNote:
    """Make a note of somebody's action in the request that is being served.

    Parameters
    ----------
    desk, actor, action
        As in `chronicle`.
    **said
        Further fields of the note.
    """
    asked = ASKED.get()
    if asked is not None:
        said |= {"request": asked.name(), "route": asked.route[:200]}
        if asked.address:
            said["address"] = desk.audit.ring.seal(
                _ADDRESS, asked.address.encode(), said["request"]
            )
    if actor is not None:
        said |= {
            "role": actor.role,
            "subject": actor.subject,
            "user_id": actor.user_id,
            "session_id": actor.session_id,
            "key_id": actor.key_id,
        }
    return AuditNote(at=datetime.now(UTC), action=action, **said)


def _of_events(desk: Desk, actor: Actor, part: list[Checked]) -> AuditNote:
    types = {each.type for each in part}
    regions = {getattr(each.data, "region", None) for each in part}
    reasons = {getattr(each.data, "reason", None) for each in part}
    reason = reasons.pop() if len(reasons) == 1 else None
    entities = dict.fromkeys(entity for each in part for entity in _entities(each))
    return make_note(
        desk,
        actor,
        types.pop() if len(types) == 1 else "events.posted",
        region=regions.pop() if len(regions) == 1 else None,
        reason=reason[:_MOST_REASON] if isinstance(reason, str) else None,
        entities=list(islice(entities, _MOST_ENTITIES)),
        events=[
            AuditedEvent(
                id=each.id,
                source=each.source,
                type=each.type,
                content=hashlib.sha256(each.record.value or b"").hexdigest(),
            )
            for each in part
        ],
    )


def _entities(checked: Checked) -> Iterator[str]:
    for name, kind in _KIND_OF_FIELD.items():
        value = getattr(checked.data, name, None)
        if isinstance(value, str):
            yield f"{kind}/{value}"


def _parts(checked: Iterable[Checked]) -> Iterator[list[Checked]]:
    left = iter(checked)
    while part := list(islice(left, MOST_EVENTS)):
        yield part
