"""Ask the API of a running stack on behalf of a command."""

from __future__ import annotations

from typing import Any

import httpx

from schemas.errors import HarvestlaneError, StackError


def ask(
    client: httpx.Client,
    method: str,
    path: str,
    *,
    refusal: type[HarvestlaneError],
    **options: Any,
) -> dict[str, Any]:
    """Send a request, and return what the API says.

    Parameters
    ----------
    client
        Knows the API's address and who asks.
    method, path
        What is asked for.
    refusal
        What to raise where the API refuses it, in its own words.
    **options
        As of `httpx.Client.request`.

    Raises
    ------
    StackError
        The API does not answer.
    HarvestlaneError
        The refusal.
    """
    try:
        answer = client.request(method, path, **options)
        told: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        where = str(client.base_url).rstrip("/")
        raise StackError(
            f"the API at {where} does not answer; start the stack with `harvestlane up`"
        ) from error
    if answer.is_error:
        raise refusal(f"{told.get('title', 'refused')}: {told.get('detail', '')}")
    return told
