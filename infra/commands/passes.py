"""Offer `pass issue`, `pass verify`, `pass revoke` and `pass bulletin`."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from infra.commands.route import moment
from schemas.errors import PassError

if TYPE_CHECKING:
    from infra.passes.store import Store
    from schemas.passes.keys import Trust
    from schemas.passes.lists import Bulletin, Numbered, Revocations, Rule
    from schemas.passes.verdict import Verdict

_Read = TypeVar("_Read")

GROUP = ("pass", "Sign and verify corridor passes, and the lists that change what they mean.")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Keys = Annotated[
    Path | None,
    typer.Option("--keys", help="Folder of keys and lists; the stack's own if not given."),
]
At = Annotated[
    str | None, typer.Option("--at", metavar="TIME", help="The time to go by; now if not given.")
]
Kid = Annotated[
    str | None, typer.Option("--kid", help="Sign with this key; the newest if not given.")
]
Plate = Annotated[str, typer.Option("--plate", help="As on the vehicle.", show_default=False)]
Corridor = Annotated[
    str, typer.Option("--corridor", metavar="ID", help="Which it may use.", show_default=False)
]
Truck = Annotated[str | None, typer.Option("--truck", metavar="ID", help="The vehicle's id.")]
From = Annotated[
    str | None, typer.Option("--from", metavar="TIME", help="With offset; now if not given.")
]
Until = Annotated[
    str, typer.Option("--until", metavar="TIME", help="With offset.", show_default=False)
]
Permits = Annotated[
    list[str] | None, typer.Option("--permit", metavar="CLASS", help="May be given several times.")
]
Picture = Annotated[Path | None, typer.Option("--qr", help="Write the code: FILE.png or FILE.svg.")]
Paper = Annotated[Path | None, typer.Option("--pdf", help="Write the sheet to print, A4.")]
Text = Annotated[
    str, typer.Argument(metavar="TEXT|-", help="What the code holds; - reads it from stdin.")
]
SeenPlate = Annotated[
    str | None, typer.Option("--plate", help="On the vehicle; not compared if not given.")
]
SeenCorridor = Annotated[
    str | None, typer.Option("--corridor", metavar="ID", help="Not compared if not given.")
]
SeenPlace = Annotated[
    str | None, typer.Option("--place", metavar="ID", help="Checkpoint or region that asks.")
]
TrustFile = Annotated[
    Path | None, typer.Option("--trust", help="Public keys, from `pass keys export`.")
]
RevocationsFile = Annotated[
    Path | None, typer.Option("--revocations", help="A signed revocation list.")
]
BulletinFile = Annotated[Path | None, typer.Option("--bulletin", help="A signed bulletin.")]
Leeway = Annotated[
    int, typer.Option("--leeway", metavar="S", min=0, max=3600, help="Seconds clocks may differ.")
]
Revoked = Annotated[
    list[str] | None,
    typer.Argument(metavar="PASS_ID|TEXT…", help="None: sign the list anew, with today's date."),
]
RulesFile = Annotated[
    Path | None,
    typer.Argument(metavar="[RULES.json]", help="All rules that count; none: show the bulletin."),
]


def issue(  # noqa: PLR0913 - a pass has so many fields
    *,
    plate: Plate,
    corridor: Corridor,
    until: Until,
    start: From = None,
    truck: Truck = None,
    permits: Permits = None,
    at: At = None,
    kid: Kid = None,
    picture: Picture = None,
    paper: Paper = None,
    keys: Keys = None,
    as_json: AsJson = False,
) -> None:
    """Sign a pass and print its text, to be shown as a QR code."""
    now = time_of(at)
    begins, ends = now if start is None else time_of(start), time_of(until)
    from schemas.passes.claims import Pass  # noqa: PLC0415 - heavy
    from schemas.passes.verdict import issue as sign  # noqa: PLC0415

    key = store_of(keys).signing_key(now, kid=kid)
    with wrong_use():
        claims = Pass(
            pass_id=_new_id(),
            plate=plate.strip().upper(),
            truck_id=truck,
            corridor_id=corridor,
            valid_from=begins,
            valid_until=ends,
            permits=tuple(sorted(set(permits or ()))),
            issuer=key.public.issuer,
            issued_at=now,
        )
    text = sign(claims, key)
    _draw(claims, text, picture, paper)
    if as_json:
        doc = {"text": text, "kid": key.public.kid.hex(), "pass": claims.to_doc()}
        typer.echo(json.dumps(doc, ensure_ascii=False))
    else:
        typer.echo(text)


def verify(  # noqa: PLR0913 - what is held, and what is seen
    text: Text,
    *,
    plate: SeenPlate = None,
    corridor: SeenCorridor = None,
    place: SeenPlace = None,
    at: At = None,
    leeway_s: Leeway = 120,
    keys: Keys = None,
    trust: TrustFile = None,
    revocations: RevocationsFile = None,
    bulletin: BulletinFile = None,
    as_json: AsJson = False,
) -> int:
    """Verify a pass without a network: status 0 if it holds, 1 if not."""
    now = time_of(at)
    from infra.passes.store import read_trust  # noqa: PLC0415
    from schemas.passes.lists import read_bulletin, read_revocations  # noqa: PLC0415 - heavy
    from schemas.passes.verdict import Limits  # noqa: PLC0415
    from schemas.passes.verdict import verify as judge  # noqa: PLC0415

    store = store_of(keys)
    known = store.trust() if trust is None else read_trust(trust)
    verdict = judge(
        _read(None) if text == "-" else text,
        trust=known,
        revocations=_list(store.held("revocations"), revocations, read_revocations, known),
        bulletin=_list(store.held("bulletin"), bulletin, read_bulletin, known),
        now=now,
        plate=plate,
        corridor_id=corridor,
        place=place,
        limits=Limits(leeway_s=leeway_s),
    )
    if as_json:
        typer.echo(json.dumps(verdict.to_doc(), ensure_ascii=False))
    else:
        _tell(verdict)
    return 0 if verdict.valid else 1


def revoke(
    passes: Revoked = None,
    at: At = None,
    kid: Kid = None,
    keys: Keys = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Add passes to the revocation list, sign it with the next number, and print it."""
    now, store = time_of(at), store_of(keys)
    from schemas.passes.lists import Revocations  # noqa: PLC0415 - heavy

    with store.lock():
        ids = frozenset(_pass_id(one, store) for one in passes or ())
        held, key = store.own_revocations(), store.signing_key(now, kid=kid)
        with wrong_use():
            after = Revocations(
                number=_next_number(held),
                issuer=key.public.issuer,
                issued_at=now,
                pass_ids=ids if held is None else held.pass_ids | ids,
            )
        text = _publish(store, "revocations", held, after, key)
    doc = {"number": after.number, "count": len(after.pass_ids), "text": text}
    typer.echo(json.dumps(doc) if as_json else text)


def bulletin(
    rules: RulesFile = None,
    at: At = None,
    kid: Kid = None,
    keys: Keys = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Sign a bulletin with the rules of a file and the next number, or show the one there is."""
    now, store = time_of(at), store_of(keys)
    from schemas.passes.lists import Bulletin  # noqa: PLC0415 - heavy

    if rules is None:
        shown, text = store.own_bulletin(), store.held("bulletin")
        if shown is None or text is None:
            raise PassError(f"no bulletin in {store.folder} yet; `pass bulletin FILE` signs one")
    else:
        content = _rules(rules)
        with store.lock():
            held, key = store.own_bulletin(), store.signing_key(now, kid=kid)
            with wrong_use():
                shown = Bulletin(
                    number=_next_number(held),
                    issuer=key.public.issuer,
                    issued_at=now,
                    rules=content,
                )
            text = _publish(store, "bulletin", held, shown, key)
    doc = {"number": shown.number, "rules": [rule.to_doc() for rule in shown.rules], "text": text}
    typer.echo(json.dumps(doc, ensure_ascii=False) if as_json else text)


def store_of(keys: Path | None) -> "Store":
    """Give the folder that `--keys` names, or the stack's own."""
    from infra.passes.store import Store  # noqa: PLC0415
    from infra.settings import load_settings  # noqa: PLC0415

    return Store(load_settings().home / "passes" if keys is None else keys.expanduser().absolute())


def time_of(text: str | None) -> datetime:
    """Read a time that an option names, to the second; now if it names none.

    Raises
    ------
    typer.BadParameter
        If it is no time, or has no offset.
    """
    found = datetime.now(UTC) if text is None else moment(text)
    return found.astimezone(UTC).replace(microsecond=0)


@contextmanager
def wrong_use() -> Iterator[None]:
    """Tell values that no pass can hold as wrong use of the command."""
    try:
        yield
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _new_id() -> str:
    import secrets  # noqa: PLC0415
    from base64 import b32encode  # noqa: PLC0415

    from schemas.passes.claims import PASS_ID_BYTES  # noqa: PLC0415

    return b32encode(secrets.token_bytes(PASS_ID_BYTES)).decode("ascii")


def _draw(claims: Any, text: str, picture: Path | None, paper: Path | None) -> None:
    if picture is not None:
        from infra.passes.picture import draw  # noqa: PLC0415

        draw(text, picture)
    if paper is not None:
        from infra.passes.paper import write_pdf  # noqa: PLC0415 - heavy

        write_pdf(claims, text, paper)


def _read(path: Path | None) -> str:
    """Read text without its line end: spaces belong to Base45."""
    try:
        raw = sys.stdin.buffer.read() if path is None else path.read_bytes()
    except OSError as error:
        raise PassError(f"{path}: {error.strerror}") from None
    return raw.decode("utf-8", errors="replace").strip("\r\n")


def _list(
    held: str | None, named: Path | None, read: "Callable[[str, Trust], _Read]", known: "Trust"
) -> "_Read | None":
    """Read a list that is named, or the one at hand: one that is not believed is as none there."""
    from schemas.passes.errors import Unreadable, Untrusted  # noqa: PLC0415

    if named is not None:
        return read(_read(named), known)
    try:
        return None if held is None else read(held, known)
    except (Unreadable, Untrusted):
        return None


def _tell(verdict: "Verdict") -> None:
    typer.echo(f"{'✔' if verdict.valid else '✘'} {verdict.code}")
    for reason in (*verdict.reasons, *verdict.notices):
        typer.echo(f"  {reason.vi}\n  {reason.en}")
    if (claims := verdict.claims) is not None:
        typer.echo(f"{claims.plate}  {claims.corridor_id}  {claims.pass_id}")
        ages = (
            ("revocations", verdict.revocations_age_s),
            ("bulletin", verdict.bulletin_age_s),
        )
        for name, age_s in ages:
            old = "none" if age_s is None else f"{timedelta(seconds=age_s)} old"
            typer.echo(f"{name}: {old}")


def _pass_id(text: str, store: "Store") -> str:
    from schemas.passes import text as texts  # noqa: PLC0415 - heavy
    from schemas.passes.claims import Pass  # noqa: PLC0415
    from schemas.passes.trusted import open_signed  # noqa: PLC0415

    if text.startswith(texts.PASS.prefix):
        return open_signed(text, store.trust(), texts.PASS, Pass.from_payload)[0].pass_id
    import re  # noqa: PLC0415

    if not re.fullmatch(r"[A-Z2-7]{16}", text):
        raise typer.BadParameter(f"{text!r} is neither a pass nor the 16 characters of its id")
    return text


def _next_number(held: "Numbered | None") -> int:
    return 1 if held is None else held.number + 1


def _publish(
    store: "Store",
    name: Any,
    held: "Revocations | Bulletin | None",
    after: Any,
    key: Any,
) -> str:
    from schemas.passes.lists import newer, publish  # noqa: PLC0415 - heavy

    text = publish(newer(held, after), key)
    store.put(name, text)
    return text


def _rules(path: Path) -> "tuple[Rule, ...]":
    from schemas.model import parse_time  # noqa: PLC0415
    from schemas.passes.lists import Rule  # noqa: PLC0415 - heavy

    def read(doc: dict[str, Any]) -> Rule:
        times = {
            name: parse_time(doc[name])
            for name in ("valid_from", "valid_until", "to")
            if doc.get(name) is not None
        }
        lists = {name: doc.get(name, []) for name in ("corridors", "permits", "places")}
        if not all(isinstance(names, list) for names in lists.values()):
            raise ValueError("corridors, permits and places are lists")
        return Rule(**(doc | {name: tuple(names) for name, names in lists.items()} | times))

    try:
        docs = json.loads(path.read_text(encoding="utf-8"))
        return tuple(read(doc) for doc in docs["rules"])
    except OSError as error:
        raise PassError(f"{path}: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise typer.BadParameter(f'{path} is no {{"rules": […]}} of ours: {error}') from None


COMMANDS = {"issue": issue, "verify": verify, "revoke": revoke, "bulletin": bulletin}
