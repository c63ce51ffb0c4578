"""Ask the API of a running stack for its users, as an administrator."""

from __future__ import annotations

from typing import Any, Self

import httpx

from infra.asking import ask
from infra.logins import script_token
from infra.settings import Settings
from schemas.errors import UserRefused

_ANSWER_S = 20.0
_TOKEN_S = 60.0


class People:
    """The users of one stack; to be entered.

    Parameters
    ----------
    settings
        Name the stack.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        token = script_token(settings, "administrator", ttl_s=_TOKEN_S)
        headers = {"authorization": f"Bearer {token}", "accept-language": "en"}
        self._client = httpx.Client(
            base_url=settings.base_url, headers=headers, timeout=_ANSWER_S, trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def every(self) -> list[dict[str, Any]]:
        """List the users by their log-in names."""
        items: list[dict[str, Any]] = self._ask("GET", "")["items"]
        return items

    def add(
        self, login: str, role: str, subject: str | None, regions: list[str] | None
    ) -> dict[str, Any]:
        """Add a user; return the user and the `link` that lets them in for the first time.

        Parameters
        ----------
        login
            The name to log in by.
        role, subject
            What the user may be.
        regions
            Regions that the user is narrowed to; None for all.

        Raises
        ------
        UserRefused, StackError
            The API refuses it, or does not answer.
        """
        body = {"login": login, "role": role, "subject": subject, "regions": regions}
        return self._with_whole_link(self._ask("POST", "", json=body))

    def set_status(self, login: str, status: str) -> dict[str, Any]:
        """Disable a user, or let them in again.

        Parameters
        ----------
        login
            The user's log-in name.
        status
            `active` or `disabled`.

        Raises
        ------
        UserRefused, StackError
            As for `add`, or nobody has this name.
        """
        return self._ask("PATCH", f"/{self._id_of(login)}", json={"status": status})

    def reset(self, login: str) -> dict[str, Any]:
        """Take a user's password away; return the user and a link to set another one.

        Raises
        ------
        UserRefused, StackError
            As for `set_status`.
        """
        return self._with_whole_link(self._ask("POST", f"/{self._id_of(login)}/reset"))

    def _id_of(self, login: str) -> str:
        for user in self.every():
            if user["login"] == login.strip().lower():
                return str(user["user_id"])
        raise UserRefused(f"nobody has the log-in name {login!r}; see `harvestlane user list`")

    def _with_whole_link(self, invited: dict[str, Any]) -> dict[str, Any]:
        return {**invited, "link": self._settings.base_url + invited["link"]}

    def _ask(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        return ask(self._client, method, f"/v1/users{path}", refusal=UserRefused, **options)
