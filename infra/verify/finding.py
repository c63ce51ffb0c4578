"""Collect what one invariant's judge found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SHOWN = 20
"""How many violations of one invariant are told in full."""


@dataclass
class Finding:
    """What was judged under one invariant, and what broke it."""

    checked: int = 0
    broken: int = 0
    violations: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether the invariant holds."""
        return not self.broken

    def violate(self, rule: str, detail: str, **params: Any) -> None:
        """Tell of one violation.

        Parameters
        ----------
        rule
            A stable code.
        detail
            One sentence.
        params
            What it speaks of.
        """
        self.broken += 1
        if len(self.violations) < SHOWN:
            self.violations.append({"rule": rule, "detail": detail, **params})

    def to_doc(self) -> Mapping[str, Any]:
        """Return what ``verify --json`` prints of it."""
        return {
            "ok": self.ok,
            "checked": self.checked,
            "broken": self.broken,
            "violations": self.violations,
        }
