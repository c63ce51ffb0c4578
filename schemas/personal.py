"""List once what is held of people: what, where, why, how long, for whom, and whether sealed.

The code reads it: `api.personal` keeps people and addresses as long as it says and shows them to
whom it says, `harvestlane dlq` masks what it names, and `docs/personal-data.md` is written from it.
"""

from __future__ import annotations

from dataclasses import dataclass

_LAW = "Law 91/2025/QH15"


@dataclass(frozen=True, slots=True)
class Held:
    """One kind of personal data.

    Attributes
    ----------
    name
        What the code asks for it by.
    what
        What it is, for people.
    fields
        The names of its fields.
    topics
        Where they stand.
    also
        Where else it is.
    why
        What it is needed for.
    ground
        On what ground it is held.
    days
        How long; None for as long as its topic keeps it.
    readers
        The roles that may see it; a haulier its own.
    everywhere
        Whether a field of this name means this in every topic; else only in those named.
    is_sealed
        Whether it is encrypted where it is kept.
    reads_are_logged
        Whether every reading is an entry of the audit log.
    """

    name: str
    what: str
    fields: tuple[str, ...]
    topics: tuple[str, ...]
    also: str
    why: str
    ground: str
    days: int | None
    readers: tuple[str, ...]
    everywhere: bool = True
    is_sealed: bool = False
    reads_are_logged: bool = False


HELD: tuple[Held, ...] = (
    Held(
        name="person",
        what="name, telephone, licence and permit numbers of drivers, officers and contacts",
        fields=("sealed",),
        topics=("personal.person.v1",),
        also="for the moments of an import, sealed, `import.intent.v1`",
        why="to call a driver; to name who may drive where a checkpoint asks",
        ground=f"contract of carriage; {_LAW}",
        days=365,
        readers=("administrator", "dispatcher", "haulier", "driver"),
        everywhere=False,
        is_sealed=True,
        reads_are_logged=True,
    ),
    Held(
        name="address",
        what="network address that something was done from",
        fields=("address",),
        topics=("audit.entry.v1",),
        also="connections while they last; never in a log file",
        why="to find out who misused a log-in",
        ground="security of the system",
        days=365,
        readers=("administrator",),
        is_sealed=True,
        reads_are_logged=True,
    ),
    Held(
        name="audited_actor",
        what="who acted: role, subject, user, session or key; ids, no names",
        fields=("user_id", "session_id", "key_id"),
        topics=("audit.entry.v1",),
        also="`subject` and `role` beside them; `/v1/audit.csv` where somebody saved it",
        why="checkpoints in 2021 had no record of who decided what",
        ground="proof of decisions",
        days=None,
        readers=("administrator",),
        everywhere=False,
        reads_are_logged=True,
    ),
    Held(
        name="login",
        what="the name that somebody logs in by; an office's is better than a person's",
        fields=("login",),
        topics=("identity.user.v1",),
        also="beside it role, subject, regions and the argon2id hash of the password",
        why="to let people in",
        ground="contract of use",
        days=None,
        readers=("administrator",),
    ),
    Held(
        name="session",
        what="which user is logged in since when, and seen last; no address, no device",
        fields=("user_id", "session_id"),
        topics=("identity.session.v1",),
        also="the cookies of the browser",
        why="to end what was stolen",
        ground="security of the system",
        days=None,
        readers=("administrator",),
        everywhere=False,
    ),
    Held(
        name="driver",
        what="a driver's id",
        fields=("driver_id",),
        topics=("truck.registry.v1", "truck.state.v1"),
        also="view `truck`; the tokens of drivers",
        why="to say who drives which truck",
        ground="contract of carriage",
        days=None,
        readers=("administrator", "dispatcher", "haulier", "driver"),
    ),
    Held(
        name="plate",
        what="a vehicle's plate",
        fields=("plate",),
        topics=(
            "truck.registry.v1",
            "truck.state.v1",
            "truck.plate.v1",
            "checkpoint.clearance.v1",
            "checkpoint.visit.v1",
            "checkpoint.state.v1",
            "dispatch.assignment.v1",
            "assignment.state.v1",
        ),
        also="views `truck` `checkpoint` `assignment`; queries of `GET /v1/trucks?plate=`; passes; "
        "`import.intent.v1` while an import is written",
        why="checkpoints know a vehicle by it",
        ground="traffic and epidemic rules",
        days=None,
        readers=("all roles, each as far as it sees the truck",),
    ),
    Held(
        name="location",
        what="where a truck is, and so its driver",
        fields=("lat", "lon", "position", "home"),
        topics=("truck.position.v1", "truck.state.v1", "truck.registry.v1"),
        also="view `truck`",
        why="to plan, to tell arrivals, to notice a truck that leaves its corridor",
        ground=f"contract of carriage; location is sensitive by {_LAW}",
        days=None,
        readers=("administrator", "dispatcher", "haulier", "driver", "observer"),
        everywhere=False,
    ),
    Held(
        name="officer",
        what="an officer's id",
        fields=("officer_id",),
        topics=("checkpoint.clearance.v1",),
        also="the tables of the workers",
        why="who decided",
        ground="proof of decisions",
        days=None,
        readers=("none by the API",),
    ),
    Held(
        name="people",
        what="how many people were on board; with a plate, who may be guessed",
        fields=("people_count",),
        topics=("checkpoint.clearance.v1", "checkpoint.visit.v1"),
        also="nowhere else",
        why="the rules of 2021 asked for it",
        ground="epidemic rules",
        days=None,
        readers=("none by the API",),
    ),
    Held(
        name="actor",
        what="who gave a command: role and subject",
        fields=("actor",),
        topics=("dispatch.command.v1", "dispatch.assignment.v1", "assignment.state.v1"),
        also="view `assignment`",
        why="to tell a haulier's refusal from a dispatcher's",
        ground="proof of decisions",
        days=None,
        readers=("administrator", "dispatcher"),
    ),
    Held(
        name="note",
        what="what an officer wrote; the form asks for no names",
        fields=("note",),
        topics=("checkpoint.clearance.v1",),
        also="nowhere else",
        why="to explain a decision",
        ground="proof of decisions",
        days=None,
        readers=("none by the API",),
    ),
    Held(
        name="reason",
        what="why somebody acted, in own words; the forms ask for no names",
        fields=("reason",),
        topics=("dispatch.command.v1", "harvest.lot.v1", "audit.entry.v1"),
        also="nowhere else",
        why="to explain a decision",
        ground="proof of decisions",
        days=None,
        readers=("administrator", "dispatcher"),
        everywhere=False,
    ),
)
"""Everything that is held of people."""

ROW: dict[str, Held] = {row.name: row for row in HELD}
"""The rows by name."""

MASK = "•••"


def masked_fields(topic: str) -> frozenset[str]:
    """Name the fields of a topic that are not shown to whoever looks after the machines.

    Parameters
    ----------
    topic
        Its name, of the catalogue or not.
    """
    rows = (row for row in HELD if row.everywhere or topic in row.topics)
    return frozenset(name for row in rows for name in row.fields)
