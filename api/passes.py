"""Answer what is needed to verify passes without a network: public keys and signed lists."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from api.desk import Asking, Route

router = APIRouter(prefix="/v1/passes", tags=["passes"], route_class=Route)

_LONGEST_BYTES = 4_000_000  # the longest list that verifiers read is shorter


class PassKey(BaseModel, frozen=True):
    """One public key: a JSON Web Key with its issuer and dates."""

    kid: str
    alg: str
    kty: str
    crv: str
    x: str
    y: str | None = None
    issuer: str
    valid_from: str
    valid_until: str | None
    withdrawn: bool


class PassLists(BaseModel, frozen=True):
    """What a verifier goes by; the lists are signed texts, null where there is none."""

    keys: list[PassKey]
    revocations: str | None
    bulletin: str | None


@router.get(
    "/lists",
    summary="The keys and the newest lists that passes are verified by",
    operation_id="get_pass_lists",
    response_model=None,
    responses={
        200: {"model": PassLists},
        304: {"description": "Not changed since `If-None-Match`."},
    },
)
async def lists(asking: Asking, request: Request) -> Response:
    """Answer the public part of the stack's folder of passes; ask again with its ETag."""
    body = await asyncio.to_thread(public_part, asking.desk.config.passes_dir)
    etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"etag": etag, "cache-control": "private, no-cache"}
    known = request.headers.get("if-none-match", "")
    if etag in known or known.strip() == "*":
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


def public_part(folder: Path | None) -> bytes:
    """Write what verifiers need of a folder of passes as JSON; no other file of it is opened.

    Parameters
    ----------
    folder
        Holds `trust.json`, `revocations.txt` and `bulletin.txt`, each of them or none.

    Raises
    ------
    Unreadable
        `trust.json` holds something else than public keys.
    ValueError
        A file is too long, or its text is none.
    """
    found = PassLists(
        keys=_keys(_text(folder, "trust.json")),
        revocations=_text(folder, "revocations.txt"),
        bulletin=_text(folder, "bulletin.txt"),
    )
    return found.model_dump_json(exclude_unset=True).encode()  # no `y` where a key has none


def _keys(text: str | None) -> list[PassKey]:
    """Read the keys and write them anew: what else the file says goes to nobody."""
    if text is None:
        return []
    from schemas.passes.keys import Trust  # noqa: PLC0415 - heavy

    doc = Trust.from_doc(json.loads(text)).to_doc()
    return [PassKey.model_validate(key) for key in doc["keys"]]


def _text(folder: Path | None, name: str) -> str | None:
    if folder is None:
        return None
    try:
        with (folder / name).open("rb") as file:
            raw = file.read(_LONGEST_BYTES + 1)
    except FileNotFoundError:
        return None
    if len(raw) > _LONGEST_BYTES:
        raise ValueError(f"{name} is longer than {_LONGEST_BYTES} bytes")
    return raw.decode().strip("\r\n")
