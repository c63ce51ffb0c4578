"""Name what the solver refuses."""

from __future__ import annotations

from schemas.errors import HarvestlaneError


class InvalidModel(HarvestlaneError):
    """A model that no search could honour; the message says where and why."""
