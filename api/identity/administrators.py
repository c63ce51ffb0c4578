"""Say what administrators may do to the identities of others."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from api.problems import Problem
from api.tokens import Actor
from schemas.identity import Rights


def is_administrator(actor: Actor) -> bool:
    """Tell whether somebody administers identities; a key with scopes does not."""
    return actor.role == "administrator" and actor.scopes is None


def _administrator(request: Request) -> Actor:
    actor: Actor = request.scope["actor"]
    if not is_administrator(actor):
        raise Problem("forbidden", f"{actor.role} may not do this; administrators may")
    return actor


Administrator = Annotated[Actor, Depends(_administrator)]
"""Who asks, if it is an administrator; everybody else is refused before the body is looked at."""


def reaches(actor: Actor, rights: Rights) -> bool:
    """Tell whether rights are inside the regions that somebody administers.

    Parameters
    ----------
    actor
        An administrator.
    rights
        Of whoever is looked at or changed.
    """
    if actor.regions is None:
        return True
    return rights.regions is not None and set(rights.regions) <= actor.regions


def refuse_beyond(actor: Actor, rights: Rights) -> None:
    """Refuse rights that reach beyond the regions that somebody administers.

    Raises
    ------
    Problem
        `forbidden`.
    """
    if not reaches(actor, rights):
        own = ", ".join(sorted(actor.regions or ())) or "no region"
        raise Problem("forbidden", f"you administer {own}; give regions among these")
