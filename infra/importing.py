"""Send files to the API of a running stack, as a dispatcher."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from infra.asking import ask
from infra.logins import script_token
from infra.settings import Settings
from schemas.errors import ImportRefused

_ANSWER_S = 120.0
_TOKEN_S = 300.0
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def send_file(
    settings: Settings, kind: str, file: Path, shared: dict[str, str], *, is_committed: bool
) -> dict[str, Any]:
    """Let a file be previewed, or written.

    Parameters
    ----------
    settings
        Name the stack.
    kind
        What the file holds.
    file
        The file.
    shared
        What rows have in common: `region`, `place`, `owner`, `facility`.
    is_committed
        Whether to write what it says.

    Returns
    -------
    dict
        The API's answer.

    Raises
    ------
    ImportRefused
        The API refuses it.
    StackError
        The API does not answer.
    """
    raw = file.read_bytes()
    headers = {
        "authorization": f"Bearer {script_token(settings, 'dispatcher', ttl_s=_TOKEN_S)}",
        "accept-language": "en",
        "content-type": _XLSX if raw.startswith(b"PK") else "text/csv",
    }
    query = {**shared, "commit": str(is_committed).lower()}
    with httpx.Client(
        base_url=settings.base_url, headers=headers, timeout=_ANSWER_S, trust_env=False
    ) as client:
        path = f"/v1/imports/{kind}"
        return ask(client, "POST", path, refusal=ImportRefused, params=query, content=raw)
