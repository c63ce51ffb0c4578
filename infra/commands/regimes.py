"""Offer `regimes list`, `show`, `ask`, `bulletin`, `check` and `schema`."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infra.commands.route import _point as lat_lon
from infra.commands.route import moment
from schemas.errors import InvalidRegime

if TYPE_CHECKING:
    from schemas.regimes.book import Book
    from schemas.regimes.facts import Trip, Whereabouts
    from schemas.regimes.model import Regime
    from schemas.regimes.questions import Answer

GROUP = (
    "regimes",
    "Read dated regimes: what they ask, where and when, and the bulletin they make.",
)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Folder = Annotated[
    Path | None,
    typer.Option("--dir", help="Folder of regimes (*.toml); those of the product if not given."),
]
At = Annotated[
    str | None, typer.Option("--at", metavar="TIME", help="The time to go by; now if not given.")
]
InForce = Annotated[bool, typer.Option("--in-force", help="Only those in force then.")]
Suppose = Annotated[
    list[str] | None,
    typer.Option("--suppose", metavar="ID", help="As if this regime were declared then."),
]
RegimeId = Annotated[str, typer.Argument(metavar="ID", help="From `regimes list`.")]
PlaceId = Annotated[
    str | None,
    typer.Option("--place", metavar="REGION[/DISTRICT]", help="Where; anywhere if not given."),
]
Point = Annotated[
    str | None, typer.Option("--point", metavar="LAT,LON", help="Says which zones it lies in.")
]
Zones = Annotated[
    list[str] | None, typer.Option("--zone", metavar="ID", help="It lies in this zone, too.")
]
Vehicle = Annotated[str | None, typer.Option("--vehicle", metavar="CLASS", help="Vehicle class.")]
Haulier = Annotated[str | None, typer.Option("--haulier", metavar="KIND", help="Whose it is.")]
Purpose = Annotated[str | None, typer.Option("--purpose", metavar="WORD", help="What it is for.")]
Product = Annotated[str | None, typer.Option("--product", metavar="WORD", help="What it carries.")]
Stage = Annotated[
    str | None, typer.Option("--stage", metavar="WORD", help="en_route, loading or unloading.")
]
Corridor = Annotated[
    str | None, typer.Option("--corridor", metavar="ID", help='Which it uses; "" for none.')
]
Transit = Annotated[
    bool | None, typer.Option("--transit/--local", help="Whether it only passes through.")
]
HasPass = Annotated[bool, typer.Option("--pass", help="It has a pass that holds.")]
Permits = Annotated[
    list[str] | None, typer.Option("--permit", metavar="CLASS", help="Its pass has this class.")
]
Papers = Annotated[
    list[str] | None, typer.Option("--paper", metavar="CODE", help="It can show this paper.")
]
People = Annotated[int | None, typer.Option("--people", min=0, help="How many are aboard.")]
Files = Annotated[
    list[Path], typer.Argument(metavar="FILE|DIR…", help="TOML files of one regime each.")
]


def list_(
    *,
    at: At = None,
    place: PlaceId = None,
    in_force: InForce = False,
    suppose: Suppose = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """List regimes with their dates: in force, prepared, to come, or over."""
    now, book = time_of(at), _book(folder)
    book = _supposing(book, suppose, now)
    held = book.in_force(now, _place(place, None, None)) if place or in_force else book.regimes
    shown = [regime for regime in held if not in_force or regime.period(now) is not None]
    docs = [_line(regime, now) for regime in shown]
    if as_json:
        typer.echo(json.dumps({"regimes": docs}, ensure_ascii=False))
        return
    for doc in docs:
        where = ", ".join((*doc["regions"], *doc["districts"])) or "everywhere"
        typer.echo(f"{doc['id']:<24} {doc['state']:<9} {doc['matter']:<17} {where}")
    if not docs:
        typer.echo("none")


def show(
    regime_id: RegimeId,
    at: At = None,
    folder: Folder = None,
    as_json: AsJson = False,  # noqa: FBT002 - how typer takes an option
) -> None:
    """Show one regime: its dates, its rules, and where each is written."""
    now, regime = time_of(at), _one(_book(folder), regime_id)
    if as_json:
        doc = regime.model_dump(mode="json") | {"state": _state(regime, now)}
        typer.echo(json.dumps(doc, ensure_ascii=False))
        return
    typer.echo(f"{regime.id}  {_state(regime, now)}\n  {regime.name.vi}\n  {regime.name.en}")
    for period in regime.periods:
        until = "open" if period.valid_until is None else _local(period.valid_until)
        typer.echo(f"  {_local(period.valid_from)} – {until}{_origin(period)}")
    for rule in regime.rules:
        said = rule.model_dump(mode="json", exclude_defaults=True, exclude={"source", "assumed"})
        rest = {k: v for k, v in said.items() if k not in ("id", "effect")}
        typer.echo(f"- {rule.id}: {rule.effect} {json.dumps(rest, ensure_ascii=False)}")
        typer.echo(f"   {_origin(rule)}")
    if regime.note:
        typer.echo(f"note: {regime.note}")


def ask(  # noqa: PLR0913 - the facts of a trip
    *,
    at: At = None,
    place: PlaceId = None,
    point: Point = None,
    zones: Zones = None,
    vehicle: Vehicle = None,
    haulier: Haulier = None,
    purpose: Purpose = None,
    product: Product = None,
    stage: Stage = None,
    corridor: Corridor = None,
    transit: Transit = None,
    has_pass: HasPass = False,
    permits: Permits = None,
    papers: Papers = None,
    people: People = None,
    suppose: Suppose = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> int:
    """Ask what binds a trip at a place: status 0 if it may go, 1 if not."""
    now = time_of(at)
    book = _supposing(_book(folder), suppose, now)
    from schemas.regimes import questions  # noqa: PLC0415 - heavy
    from schemas.regimes.facts import Trip  # noqa: PLC0415

    where = _place(place, point, zones)
    try:
        trip = Trip(
            vehicle_class=vehicle,
            haulier_kind=haulier,
            purpose=purpose,
            product=product,
            stage=stage,
            corridor_id=corridor,
            transit=transit,
            has_pass=has_pass or bool(permits),
            permits=frozenset(permits or ()),
            papers=frozenset(papers or ()),
            people=people,
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    verdict = questions.allowed(book, trip, now, where)
    if as_json:
        typer.echo(json.dumps(_asked(book, trip, now, where, verdict), ensure_ascii=False))
        return 0 if verdict.yes else 1
    typer.echo(f"{'✔' if verdict.yes else '✘'} {verdict.code}")
    needs = questions.permits_needed(book, trip, now, where)
    called = questions.mobilised(book, trip, now, where)
    told = (*verdict.reasons, *needs.reasons, *(called.reasons if called.yes else ()))
    for reason in dict.fromkeys((*told, *verdict.notices)):
        by = f"  [{reason.regime_id} {reason.rule_id}]" if reason.regime_id else ""
        assumed = " (assumed)" if reason.assumed else ""
        typer.echo(f"  {reason.vi}\n  {reason.en}{by}{assumed}")
    return 0 if verdict.yes else 1


def bulletin(at: At = None, folder: Folder = None) -> None:
    """Print the rules that the regimes make, as the file that `pass bulletin` signs."""
    now, book = time_of(at), _book(folder)
    from schemas.regimes.bulletin import draft  # noqa: PLC0415 - heavy

    typer.echo(json.dumps(draft(book, now).to_doc(), ensure_ascii=False, indent=2))


def check(files: Files, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Check files of regimes: the first thing wrong is named by file and field."""
    found = [regime for path in files for regime in _read(path)]
    _booked(found)
    if as_json:
        typer.echo(json.dumps({"ok": True, "regimes": [regime.id for regime in found]}))
        return
    typer.echo(f"{len(found)} regimes, all well: {', '.join(regime.id for regime in found)}")


def schema() -> None:
    """Print the JSON Schema of a regime's file."""
    from schemas.regimes.model import Regime  # noqa: PLC0415 - heavy

    typer.echo(json.dumps(Regime.model_json_schema(), ensure_ascii=False, indent=2))


def time_of(text: str | None) -> datetime:
    """Read a time that an option names; now if it names none."""
    return datetime.now(UTC) if text is None else moment(text).astimezone(UTC)


def _book(folder: Path | None) -> "Book":
    if folder is None:
        from schemas.regimes.load import bundled  # noqa: PLC0415 - heavy

        return bundled()
    return _booked(_read(folder))


def _booked(regimes: "list[Regime]") -> "Book":
    from schemas.regimes.book import Book  # noqa: PLC0415 - heavy

    try:
        return Book(regimes)
    except ValueError as error:
        raise InvalidRegime(str(error)) from None


def _read(path: Path) -> "list[Regime]":
    from schemas.regimes.load import parse_regime  # noqa: PLC0415 - heavy

    try:
        files = sorted(path.glob("*.toml")) if path.is_dir() else [path]
        texts = [(file, file.read_text(encoding="utf-8")) for file in files]
    except OSError as error:
        raise InvalidRegime(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise InvalidRegime(f"{path}: no UTF-8 at byte {error.start}") from None
    if not texts:
        raise InvalidRegime(f"{path}: no *.toml in it")
    return [parse_regime(text, name=str(file)) for file, text in texts]


def _supposing(book: "Book", ids: list[str] | None, now: datetime) -> "Book":
    for regime_id in ids or ():
        _one(book, regime_id)
        book = book.suppose(regime_id, now)
    return book


def _one(book: "Book", regime_id: str) -> "Regime":
    for regime in book.regimes:
        if regime.id == regime_id:
            return regime
    raise typer.BadParameter(f"no regime {regime_id!r}; `regimes list` names them")


def _place(place: str | None, point: str | None, zones: list[str] | None) -> "Whereabouts":
    from schemas.regimes.facts import Whereabouts  # noqa: PLC0415 - heavy

    region = None if place is None or "/" in place else place
    district = place if place is not None and "/" in place else None
    at = None if point is None else lat_lon(point)
    try:
        return Whereabouts(region=region, district=district, point=at, zones=frozenset(zones or ()))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _state(regime: "Regime", now: datetime) -> str:
    if regime.period(now) is not None:
        return "in force"
    if not regime.periods:
        return "prepared"
    return "to come" if any(period.valid_from > now for period in regime.periods) else "over"


def _line(regime: "Regime", now: datetime) -> dict[str, Any]:
    said = regime.model_dump(mode="json", include={"id", "name", "matter", "level", "scenario"})
    where = regime.where
    return said | {
        "state": _state(regime, now),
        "regions": list(where.regions),
        "districts": list(where.districts),
        "periods": regime.model_dump(mode="json")["periods"],
        "rules": len(regime.rules),
        "rules_assumed": sum(rule.assumed is not None for rule in regime.rules),
    }


def _asked(
    book: "Book", trip: "Trip", now: datetime, where: "Whereabouts", verdict: "Answer"
) -> dict[str, Any]:
    from schemas.model import format_time  # noqa: PLC0415 - heavy
    from schemas.regimes import questions  # noqa: PLC0415

    facts = (book, trip, now, where)
    return {
        "at": format_time(now),
        "trip": trip.to_doc(),
        "regimes": [regime.id for regime in book.in_force(now, where)],
        "allowed": verdict.to_doc(),
        "pass_required": questions.pass_required(*facts).to_doc(),
        "needs": questions.permits_needed(*facts).to_doc(),
        "may_enter": questions.may_enter(*facts).to_doc(),
        "mobilised": questions.mobilised(*facts).to_doc(),
    }


def _local(at: datetime) -> str:
    from schemas.model import LOCAL  # noqa: PLC0415 - heavy

    return f"{at.astimezone(LOCAL):%Y-%m-%d %H:%M}"


def _origin(what: Any) -> str:
    source = "" if what.source is None else f"  {what.source.document}: {what.source.section}"
    return source if what.assumed is None else f"{source}  assumed: {what.assumed}"


COMMANDS = {
    "list": list_,
    "show": show,
    "ask": ask,
    "bulletin": bulletin,
    "check": check,
    "schema": schema,
}
