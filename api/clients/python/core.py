"""Send what the generated methods ask, and read what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel

Model = TypeVar("Model", bound=BaseModel)


class ApiProblem(Exception):
    """The API refused.

    Attributes
    ----------
    status
        The HTTP status.
    code
        The stable code of the problem; programs go by it.
    document
        The whole problem document (RFC 9457); empty where the answer was none.
    """

    def __init__(self, status: int, document: dict[str, Any]) -> None:
        super().__init__(document.get("detail") or f"HTTP {status}")
        self.status = status
        self.code = str(document.get("code", ""))
        self.document = document


class Caller:
    """Speak HTTP with one stack, in one log-in.

    Parameters
    ----------
    base_url
        Where the stack is, such as `http://127.0.0.1:8000`.
    token
        A token of `harvestlane token`, or a key of `POST /v1/keys`; None for what is open.
    timeout_s
        How long an answer may take, in seconds.
    transport
        For tests: what carries the requests.
    """

    def __init__(
        self,
        base_url: str,
        token: str | None = None,
        *,
        timeout_s: float = 20.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        self._http = httpx.Client(
            base_url=base_url, headers=headers, timeout=timeout_s, transport=transport
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _send(
        self,
        method: str,
        path: str,
        ids: Mapping[str, str],
        *,
        query: Mapping[str, Any],
        headers: Mapping[str, str | None],
        body: BaseModel | Any | None = None,
    ) -> httpx.Response:
        for name, value in ids.items():
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        sent = body
        if isinstance(body, BaseModel):
            sent = body.model_dump(mode="json", by_alias=True, exclude_unset=True)
        answer = self._http.request(
            method,
            path,
            params={name: value for name, value in query.items() if value is not None},
            headers={name: value for name, value in headers.items() if value is not None},
            json=sent,
        )
        if answer.is_success or answer.status_code == httpx.codes.NOT_MODIFIED:
            return answer
        media = answer.headers.get("content-type", "")
        raise ApiProblem(answer.status_code, answer.json() if "json" in media else {})


def read(model: type[Model], answer: httpx.Response) -> Model:
    """Read an answer as what the description says it is.

    Parameters
    ----------
    model
        What it is.
    answer
        The answer.
    """
    return model.model_validate_json(answer.content)
