"""Say every error as OSRM does: a code and a message, with HTTP status 400."""

from __future__ import annotations

import orjson
from starlette.responses import Response

from api.problems import Problem, answer
from schemas.errors import HarvestlaneError

_NO_STORE = {"cache-control": "no-store"}


class Refused(HarvestlaneError):
    """A question that OSRM would not answer either, or that we do not.

    Parameters
    ----------
    code
        One of OSRM's: `InvalidUrl InvalidService InvalidVersion InvalidOptions InvalidQuery
        InvalidValue NoSegment NoRoute NoTable TooBig NotImplemented`.
    message
        One sentence for people.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def response(self) -> Response:
        """Write the error as OSRM does."""
        return _written(self.code, str(self), 400, _NO_STORE)


def refuse(problem: Problem) -> Response:
    """Write one of the API's own problems in OSRM's shape, with its status and headers.

    Parameters
    ----------
    problem
        What went wrong; its code `views_unavailable` becomes `ViewsUnavailable`.
    """
    headers = answer(problem, instance="").headers
    kept = {
        name: headers[name]
        for name in ("retry-after", "www-authenticate", "cache-control")
        if name in headers
    }
    code = problem.code.title().replace("_", "")
    return _written(code, problem.detail, problem.status, kept)


def _written(code: str, message: str, status: int, headers: dict[str, str]) -> Response:
    said = {"code": code, "message": message.encode("utf-8", "replace").decode()}
    return Response(orjson.dumps(said), status, headers, "application/json")
