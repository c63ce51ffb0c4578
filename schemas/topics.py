"""List every topic once: what its key is, how it is kept, and which events it carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from schemas import (
    alert,
    answer,
    assignment,
    audit,
    checkpoint,
    clock,
    corridor,
    device,
    dispatch,
    identity,
    intent,
    lot,
    person,
    place,
    road,
    slot,
    truck,
    webhook,
)
from schemas.model import Fact

_DAY_MS = 86_400_000
ENTITY_PARTITIONS = 4
"""Topics keyed by an entity: all equal, so that Faust gives one worker the same partitions."""
REGION_PARTITIONS = 1
"""Topics of dispatch: one partition decides, so that nothing is booked twice."""

Audience = Literal["public", "internal"]


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic of the catalogue.

    ``key`` names the data's field that keys the record; ``retention_ms`` is -1 for ever, and
    ``max_bytes`` the most that a record may have.
    """

    name: str
    key: str
    types: dict[str, type[Fact]]
    purpose: str
    partitions: int = ENTITY_PARTITIONS
    retention_ms: int = 30 * _DAY_MS
    compacted: bool = False
    audience: Audience = "public"
    max_bytes: int = 1 << 20
    erased_within_ms: int | None = None
    """How soon a compacted topic's old records are off the disk; None for when it suits."""

    def key_of(self, data: Fact) -> str:
        """Return the record key that this data must have."""
        value = getattr(data, self.key, None)
        if value is None and isinstance(data, checkpoint.OfficersWord) and data.plate is not None:
            return truck.plate_key(data.plate)
        if isinstance(data, truck.PlateAssigned):
            return truck.plate_key(data.plate)
        return "stack" if value is None else str(value)

    @property
    def cleanup(self) -> list[str]:
        """How the broker makes room: a compacted topic may also be deleted from, by age."""
        if not self.compacted:
            return ["delete"]
        return ["compact"] if self.retention_ms == -1 else ["compact", "delete"]

    @property
    def configs(self) -> dict[str, str]:
        """The topic's settings on the broker."""
        erasing = self.erased_within_ms and {
            "segment.ms": str(self.erased_within_ms),
            "max.compaction.lag.ms": str(self.erased_within_ms),
            "delete.retention.ms": str(self.erased_within_ms),
        }
        return {
            "cleanup.policy": ",".join(self.cleanup),
            "retention.ms": str(self.retention_ms),
            # latencies are taken from it, and a scenario of 2021 must not be swept away by its age
            "message.timestamp.type": "LogAppendTime",
            # a record may come back as a part of a journal or a dead letter: those may be larger
            "max.message.bytes": str(self.max_bytes),
            **(erasing or {}),
        }


def _state(name: str, key: str, model: type[Fact], partitions: int = ENTITY_PARTITIONS) -> Topic:
    noun = name.split(".", 1)[0]
    return Topic(
        name=name,
        key=key,
        types={f"{noun}.state": model},
        purpose=f"The latest state of every {noun}, for other systems.",
        partitions=partitions,
        retention_ms=-1,
        compacted=True,
    )


def kept(
    name: str,
    key: str,
    model: type[Fact],
    purpose: str,
    *,
    retention_ms: int = -1,
    erased_within_ms: int | None = None,
) -> Topic:
    """Describe a compacted topic of the API's own, which `api.kept` holds in memory.

    Parameters
    ----------
    name, key, model, purpose
        As of a `Topic`; its one type is `NOUN.kept`.
    retention_ms
        How long a record stays that no later one replaces; -1 for ever.
    erased_within_ms
        How soon what was replaced or removed is off the disk; None for at the broker's ease.
    """
    return Topic(
        name=name,
        key=key,
        types={f"{name.removesuffix('.v1')}.kept": model},
        purpose=purpose,
        partitions=1,
        retention_ms=retention_ms,
        compacted=True,
        audience="internal",
        erased_within_ms=erased_within_ms,
    )


TOPICS: tuple[Topic, ...] = (
    Topic(
        "truck.registry.v1",
        "truck_id",
        {
            "truck.registered": truck.TruckRegistered,
            "truck.updated": truck.TruckUpdated,
            "truck.status_changed": truck.TruckStatusChanged,
            "truck.transferred": truck.TruckTransferred,
        },
        "Which trucks there are, whose they are and what they can carry.",
        retention_ms=-1,
    ),
    Topic(
        "place.registry.v1",
        "place_id",
        {
            "facility.registered": place.FacilityRegistered,
            "checkpoint.registered": place.CheckpointRegistered,
            "facility.updated": place.PlaceUpdated,
            "checkpoint.updated": place.PlaceUpdated,
            "facility.retired": place.PlaceRetired,
            "checkpoint.retired": place.PlaceRetired,
        },
        "Which facilities and checkpoints there are.",
        retention_ms=-1,
    ),
    Topic(
        "truck.position.v1",
        "truck_id",
        {"truck.position_reported": truck.TruckPositionReported},
        "Where trucks are.",
        retention_ms=7 * _DAY_MS,
    ),
    Topic(
        "checkpoint.clearance.v1",
        "truck_id",
        {
            "checkpoint.arrived": checkpoint.CheckpointArrived,
            "checkpoint.cleared": checkpoint.CheckpointCleared,
            "checkpoint.held": checkpoint.CheckpointHeld,
            "checkpoint.refused": checkpoint.CheckpointRefused,
            "checkpoint.retracted": checkpoint.CheckpointRetracted,
        },
        "What officers decided; a vehicle nobody registered is keyed plate:NUMBER.",
    ),
    Topic(
        "harvest.lot.v1",
        "lot_id",
        {
            "lot.declared": lot.LotDeclared,
            "lot.ready": lot.LotReady,
            "lot.revised": lot.LotRevised,
            "lot.withdrawn": lot.LotWithdrawn,
        },
        "Which lots of harvest there are.",
    ),
    Topic(
        "port.slot.v1",
        "facility_id",
        {
            "slot.opened": slot.SlotOpened,
            "slot.capacity_changed": slot.SlotCapacityChanged,
            "slot.closed": slot.SlotClosed,
        },
        "When facilities take how many trucks.",
    ),
    Topic(
        "slot.reservation.v1",
        "facility_id",
        {
            "reservation.requested": slot.ReservationRequested,
            "reservation.confirmed": slot.ReservationConfirmed,
            "reservation.rejected": slot.ReservationRejected,
            "reservation.released": slot.ReservationReleased,
            "reservation.no_show": slot.ReservationNoShow,
        },
        "Places in slots: asked for by dispatch, answered by the slot's partition alone.",
    ),
    Topic(
        "road.condition.v1",
        "region",
        {
            "road.closed": road.RoadClosed,
            "road.reopened": road.RoadReopened,
            "zone.restricted": road.ZoneRestricted,
            "zone.lifted": road.ZoneLifted,
        },
        "Which roads and zones no truck may use.",
        partitions=REGION_PARTITIONS,
    ),
    Topic(
        "dispatch.command.v1",
        "region",
        {
            "assignment.accept": assignment.AssignmentAccept,
            "assignment.decline": assignment.AssignmentDecline,
            "assignment.cancel": assignment.AssignmentCancel,
            "assignment.pin": assignment.AssignmentPin,
            "assignment.override": assignment.AssignmentOverride,
            "assignment.report_loaded": assignment.AssignmentReportLoaded,
            "assignment.report_delivered": assignment.AssignmentReportDelivered,
            "assignment.report_problem": assignment.AssignmentReportProblem,
        },
        "What people ask of assignments.",
        partitions=REGION_PARTITIONS,
    ),
    Topic(
        "dispatch.assignment.v1",
        "region",
        {
            "assignment.proposed": assignment.AssignmentProposed,
            "assignment.accepted": assignment.AssignmentAccepted,
            "assignment.declined": assignment.AssignmentDeclined,
            "assignment.expired": assignment.AssignmentExpired,
            "assignment.revised": assignment.AssignmentRevised,
            "assignment.cancelled": assignment.AssignmentCancelled,
            "assignment.loaded": assignment.AssignmentLoaded,
            "assignment.delivered": assignment.AssignmentDelivered,
            "assignment.command_refused": assignment.CommandRefused,
        },
        "What became of every assignment.",
        partitions=REGION_PARTITIONS,
    ),
    Topic(
        "lot.decision.v1",
        "lot_id",
        {"lot.unassigned": lot.LotUnassigned, "lot.planned": lot.LotPlanned},
        "What dispatch decided on each lot, and why a lot is left.",
    ),
    Topic(
        "alert.v1",
        "subject",
        {"alert.raised": alert.AlertRaised, "alert.cleared": alert.AlertCleared},
        "What people are warned of.",
        partitions=REGION_PARTITIONS,
    ),
    Topic(
        "corridor.lifecycle.v1",
        "corridor_id",
        {
            "corridor.opened": corridor.CorridorOpened,
            "corridor.closed": corridor.CorridorClosed,
            "corridor.deviation_detected": corridor.DeviationDetected,
            "corridor.unlisted_stop_detected": corridor.UnlistedStopDetected,
            "corridor.checkpoint_skipped": corridor.CheckpointSkipped,
            "corridor.checkpoint_out_of_order": corridor.CheckpointOutOfOrder,
            "corridor.used_outside_hours": corridor.UsedOutsideHours,
            "corridor.used_off_roster": corridor.UsedOffRoster,
            "corridor.finding_mended": corridor.FindingMended,
        },
        "Which corridors are open, and what is wrong with the trucks on them.",
        partitions=REGION_PARTITIONS,
        retention_ms=-1,
    ),
    _state("truck.state.v1", "truck_id", truck.TruckState),
    _state("lot.state.v1", "lot_id", lot.LotState),
    _state("slot.state.v1", "slot_id", slot.SlotState),
    _state("assignment.state.v1", "assignment_id", assignment.AssignmentState, REGION_PARTITIONS),
    _state("corridor.state.v1", "corridor_id", corridor.CorridorState, REGION_PARTITIONS),
    _state("checkpoint.state.v1", "place_id", checkpoint.CheckpointState),
    _state("facility.state.v1", "place_id", place.FacilityState),
    _state("closure.state.v1", "closure_id", road.ClosureState, REGION_PARTITIONS),
    _state("command.state.v1", "command_id", assignment.CommandState, REGION_PARTITIONS),
    Topic(
        "dead.letter.v1",
        "key",
        {},
        "Records that could not be read or were refused: the bytes as they came, with why.",
        partitions=REGION_PARTITIONS,
        max_bytes=2 << 20,
    ),
    Topic(
        "checkpoint.visit.v1",
        "checkpoint_id",
        {
            "visit.recorded": checkpoint.VisitRecorded,
            "visit.retracted": checkpoint.VisitRetracted,
        },
        "Clearances and their retractions on their way from the truck to its checkpoint.",
        audience="internal",
    ),
    Topic(
        "corridor.watch.v1",
        "truck_id",
        {"watch.begun": corridor.WatchBegun, "watch.ended": corridor.WatchEnded},
        "Which trucks are on which corridor, on its way from dispatch to the truck's partition.",
        audience="internal",
    ),
    Topic(
        "truck.plate.v1",
        "plate",
        {"plate.assigned": truck.PlateAssigned},
        "Plates on their way to the record of a vehicle that nobody had registered.",
        audience="internal",
    ),
    Topic(
        "dispatch.inbox.v1",
        "region",
        {
            "state.known": dispatch.StateKnown,
            "reservation.confirmed": slot.ReservationConfirmed,
            "reservation.rejected": slot.ReservationRejected,
            "reservation.released": slot.ReservationReleased,
            "reservation.no_show": slot.ReservationNoShow,
            "plan.computed": dispatch.PlanComputed,
            "plan.failed": dispatch.PlanFailed,
            "clock.ticked": clock.ClockTicked,
        },
        "Everything that the dispatch partition has to hear, in one order.",
        partitions=REGION_PARTITIONS,
        retention_ms=7 * _DAY_MS,
        audience="internal",
    ),
    Topic(
        "stack.tick.v1",
        "tick",
        {"clock.ticked": clock.ClockTicked},
        "Time as an event, one record a partition, so that deadlines survive restarts.",
        retention_ms=3_600_000,
        audience="internal",
    ),
    Topic(
        "stack.clock.v1",
        "clock",
        {"clock.anchored": clock.ClockAnchored},
        "How the stack's one clock runs.",
        partitions=REGION_PARTITIONS,
        retention_ms=-1,
        compacted=True,
        audience="internal",
    ),
    Topic(
        "audit.entry.v1",
        "writer",
        {"audit.entry": audit.AuditEntry},
        "Who did what, from where, when and why, before it was done; a chain of hashes.",
        partitions=REGION_PARTITIONS,
        retention_ms=-1,
        audience="internal",
    ),
    kept(
        "audit.head.v1",
        "writer",
        audit.AuditHead,
        "How far the audit log's chain had come, so that a cut end is found.",
    ),
    kept(
        "personal.person.v1",
        "person_id",
        person.PersonKept,
        "What must be kept of drivers, officers and contacts, sealed.",
        erased_within_ms=_DAY_MS,
    ),
    kept(
        "device.tracker.v1",
        "device_id",
        device.Tracker,
        "Which tracker rides on which truck.",
    ),
    kept(
        "import.intent.v1",
        "part_id",
        intent.IntentPart,
        "What the API has set out to write of a file; gone once it is written.",
    ),
    kept(
        "webhook.hook.v1",
        "hook_id",
        webhook.Hook,
        "Who is told of changes by webhook.",
    ),
    kept(
        "webhook.cursor.v1",
        "hook_id",
        webhook.Cursor,
        "How far each webhook has been told.",
    ),
    Topic(
        "webhook.delivery.v1",
        "hook_id",
        {"webhook.delivery_tried": webhook.DeliveryTried},
        "How telling each change to each webhook went.",
        partitions=1,
        audience="internal",
    ),
    kept("identity.user.v1", "user_id", identity.User, "Who logs in by name and password."),
    kept(
        "identity.session.v1",
        "session_id",
        identity.Session,
        "Which browsers are logged in, and which no longer are.",
        retention_ms=7 * _DAY_MS,
    ),
    kept("identity.key.v1", "key_id", identity.ApiKey, "Which keys machines have."),
    kept(
        "api.answer.v1",
        "answer_id",
        answer.StoredAnswer,
        "What was answered to writes with an idempotency key, to be answered again.",
        retention_ms=_DAY_MS,
    ),
)

KEPT_TOPICS: tuple[str, ...] = tuple(
    topic.name for topic in TOPICS if any(kind.endswith(".kept") for kind in topic.types)
)
"""Names of the compacted topics that are the API's own."""

CATALOGUE: dict[str, Topic] = {topic.name: topic for topic in TOPICS}
"""The topics by name."""

DEAD_LETTERS = "dead.letter.v1"

TOPIC_OF_TYPE: dict[str, Topic] = {
    event_type: topic
    for topic in TOPICS
    if topic.audience == "public" and not topic.compacted
    for event_type in topic.types
}
"""Which public topic carries a type; every public type has exactly one."""

OWN_TYPES: frozenset[str] = frozenset(CATALOGUE["corridor.lifecycle.v1"].types) - {
    "corridor.opened",
    "corridor.closed",
}
"""Types that only the streams say, on a topic where others speak, too."""

POSTABLE: frozenset[str] = frozenset(
    event_type
    for name in (
        "truck.registry.v1",
        "place.registry.v1",
        "truck.position.v1",
        "checkpoint.clearance.v1",
        "harvest.lot.v1",
        "port.slot.v1",
        "road.condition.v1",
        "dispatch.command.v1",
        "corridor.lifecycle.v1",
    )
    for event_type in CATALOGUE[name].types.keys() - OWN_TYPES
)
"""Types that come from outside; all others are dispatch's own to say."""

OWN_SOURCE = "/streams/"
"""How the source of everything begins that the stack's own streams say."""

OWN_TOPICS: frozenset[str] = frozenset(
    topic.name
    for topic in TOPICS
    if topic.types
    and topic.name not in {"stack.clock.v1", "audit.entry.v1", "webhook.delivery.v1", *KEPT_TOPICS}
    and not POSTABLE & topic.types.keys()
)
"""Topics on which only the streams speak; what others put there is set aside."""
