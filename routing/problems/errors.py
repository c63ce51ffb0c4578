"""Name what a problem file can have wrong."""

from __future__ import annotations

from schemas.errors import HarvestlaneError


class ProblemError(HarvestlaneError):
    """A problem file that cannot be honoured: names where it is wrong and what to do."""
