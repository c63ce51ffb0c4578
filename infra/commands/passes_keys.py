"""Offer `pass keys new`, `pass keys list`, `pass keys retire` and `pass keys export`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from infra.commands.passes import AsJson, At, Keys, store_of, time_of, wrong_use
from schemas.errors import PassError

GROUP = ("pass keys", "Make, list and retire the keys that sign passes.")

Issuer = Annotated[
    str, typer.Option("--issuer", metavar="NAME", help="Who signs with it.", show_default=False)
]
Algorithm = Annotated[str, typer.Option("--alg", help="ES256 or EdDSA.")]
Until = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="It signs until then; if given.")
]
Kid = Annotated[str, typer.Argument(metavar="KID", help="From `pass keys list`.")]
Withdraw = Annotated[
    bool,
    typer.Option("--withdraw", help="It is in wrong hands: nothing it ever signed counts."),
]
Out = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="Where to; printed if not given.")
]


def new(
    issuer: Issuer,
    alg: Algorithm = "ES256",
    until: Until = None,
    at: At = None,
    keys: Keys = None,
    as_json: AsJson = False,  # noqa: FBT002 - how typer takes an option
) -> None:
    """Draw a key; from now on it signs, and older ones still verify."""
    now, ends, store = time_of(at), None if until is None else time_of(until), store_of(keys)
    from schemas.passes.claims import check_name  # noqa: PLC0415 - heavy
    from schemas.passes.keys import ALGORITHMS  # noqa: PLC0415

    if alg not in ALGORITHMS:
        raise typer.BadParameter(f"{alg!r} is none of {', '.join(ALGORITHMS)}")
    with wrong_use(), store.lock():
        check_name("issuer", issuer)
        made: Any = "EdDSA" if alg == "EdDSA" else "ES256"
        key = store.add(made, issuer=issuer, now=now, until=ends)
    typer.echo(json.dumps(key.to_doc()) if as_json else key.kid.hex())


def list_(keys: Keys = None, as_json: AsJson = False) -> None:  # noqa: FBT002
    """List the keys that are believed here."""
    store = store_of(keys)
    doc = store.trust().to_doc()
    if as_json:
        typer.echo(json.dumps(doc, ensure_ascii=False))
        return
    for key in doc["keys"]:
        state = "withdrawn" if key["withdrawn"] else f"until {key['valid_until'] or 'retired'}"
        typer.echo(f"{key['kid']}  {key['alg']:<6} {key['issuer']}  {key['valid_from']}  {state}")
    if not doc["keys"]:
        typer.echo("no keys; `harvestlane pass keys new --issuer NAME` makes one")


def retire(
    kid: Kid,
    withdraw: Withdraw = False,  # noqa: FBT002
    at: At = None,
    keys: Keys = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Let a key sign no longer; passes that it signed still hold, unless it is withdrawn."""
    now, store = time_of(at), store_of(keys)
    with store.lock():
        key = store.retire(kid, now=now, withdraw=withdraw)
    said = f"{kid} retired"
    if withdraw:
        said = f"{kid} withdrawn; sign lists anew with `pass revoke` and `pass bulletin RULES.json`"
    typer.echo(json.dumps(key.to_doc()) if as_json else said)


def export(out: Out = None, keys: Keys = None) -> None:
    """Write the public keys with their dates, for whoever verifies."""
    store = store_of(keys)
    text = json.dumps(store.trust().to_doc(), ensure_ascii=False, indent=2) + "\n"
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise PassError(f"{out}: {error.strerror}") from None


COMMANDS = {"new": new, "list": list_, "retire": retire, "export": export}
