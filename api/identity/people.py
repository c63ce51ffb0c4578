"""Let administrators keep the users of the built-in store."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from api.audit import chronicle
from api.desk import AtDesk, Desk, Route
from api.identity.administrators import Administrator, reaches, refuse_beyond
from api.identity.users import FirstLogin
from api.problems import Problem
from api.tokens import FIRST_LOGIN_S, Actor
from schemas.identity import LoginName, Regions, Rights, User
from schemas.model import Identifier, Moment
from schemas.vocabulary import Role

router = APIRouter(prefix="/v1/users", tags=["users"], route_class=Route)


class NewUser(Rights):
    """Somebody who is to log in by name and password."""

    login: LoginName


class UserChange(BaseModel):
    """What is to be different; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    role: Role | None = None
    subject: Identifier | None = None
    regions: Regions | None = None
    status: Literal["active", "disabled"] | None = None


class ShownUser(Rights):
    """A user, without anything secret."""

    user_id: str
    login: str
    status: Literal["active", "disabled"]
    must_change_password: bool
    created_at: Moment
    changed_at: Moment


class Users(BaseModel, frozen=True):
    """Users by their log-in names."""

    count: int
    items: list[ShownUser]


class Invited(BaseModel, frozen=True):
    """A user and the code that lets them set a password; nobody can tell it again."""

    user: ShownUser
    code: str
    link: Annotated[str, Field(examples=["/login#eyJ…"])]
    """The page that takes the code, on this host."""
    expires_in_s: int


@router.get("", summary="Users of the built-in store")
async def list_users(desk: AtDesk, actor: Administrator) -> Users:
    """List the users; for administrators."""
    shown = [_shown(user) for user in desk.door.users.every() if reaches(actor, user)]
    return Users(count=len(shown), items=shown)


@router.post("", status_code=201, summary="Add a user")
async def add_user(
    desk: AtDesk, body: NewUser, actor: Administrator, response: Response
) -> Invited:
    """Add a user and answer a one-time code for the first log-in; for administrators."""
    refuse_beyond(actor, body)
    invited = await desk.door.users.add(body.login, body)
    user_id = invited.user.user_id
    # before the code is told: without it, nobody can come in as this user
    await chronicle(desk, actor, "user.added", entities=[f"user/{user_id}"])
    response.headers["location"] = f"/v1/users/{user_id}"
    return _invited(invited)


@router.get("/{user_id}", summary="One user")
async def get_user(desk: AtDesk, user_id: str, actor: Administrator) -> ShownUser:
    """Answer a user; for administrators."""
    return _shown(_reached(desk, actor, user_id))


@router.patch("/{user_id}", summary="Change or disable a user")
async def change_user(
    desk: AtDesk, user_id: str, body: UserChange, actor: Administrator
) -> ShownUser:
    """Change role, subject, regions or status; the user's sessions end. For administrators."""
    user = _reached(desk, actor, user_id)
    fields: dict[str, Any] = {name: getattr(body, name) for name in body.model_fields_set}
    fields = {
        name: value
        for name, value in fields.items()
        if value is not None or name in {"subject", "regions"}
    }
    refuse_beyond(actor, user.model_copy(update=fields))
    await chronicle(desk, actor, "user.changed", entities=[f"user/{user_id}"])
    return _shown(await desk.door.users.change(user_id, **fields))


@router.post("/{user_id}/reset", summary="Let a user set a new password")
async def reset_user(desk: AtDesk, user_id: str, actor: Administrator) -> Invited:
    """End the user's sessions and password, and answer a one-time code; for administrators."""
    _reached(desk, actor, user_id)
    await chronicle(desk, actor, "user.reset", entities=[f"user/{user_id}"])
    return _invited(await desk.door.users.reset(user_id))


def _reached(desk: Desk, actor: Actor, user_id: str) -> User:
    user = desk.door.users.get(user_id)
    if not reaches(actor, user):
        raise Problem("not_found", f"no user {user_id[:40]!r} is known to you")
    return user


def _shown(user: User) -> ShownUser:
    return ShownUser.model_validate(user.model_dump())


def _invited(invited: FirstLogin) -> Invited:
    return Invited(
        user=_shown(invited.user),
        code=invited.code,
        link=f"/login#{invited.code}",
        expires_in_s=FIRST_LOGIN_S,
    )
