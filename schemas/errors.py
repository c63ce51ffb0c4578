"""Name every error of the system once.

::

    HarvestlaneError            one clear line for people, with what to do
    ├── MalformedEvent          bytes that are no event of the catalogue
    ├── RefusedEvent            a well-formed event that a named intake rule refuses
    ├── RoadError               roads cannot be read, built or used          (routing)
    │   └── TooFarFromRoad      a point lies too far from any road           (routing)
    ├── InvalidProblem          an assignment problem contradicts itself     (routing)
    ├── ProblemError            a problem file cannot be read                (routing)
    ├── InvalidModel            a model that no search could honour          (routing)
    ├── NoAnswer                the planner's process hung, died or failed   (streams)
    ├── Unavailable             the broker or Redis does not answer          (streams, api)
    ├── StackError              the local stack cannot start or stop         (infra)
    ├── NoSuchLetter            no dead letter stands there                  (infra)
    ├── ImportRefused           the API refused a file that was to be imported (infra)
    ├── UserRefused             the API refused what was asked of its users  (infra)
    ├── Unreadable              bytes that are no pass, list or key of ours  (schemas.passes)
    ├── Untrusted               signed by nobody whom one may believe        (schemas.passes)
    ├── OlderList               a list that replaces nothing                 (schemas.passes)
    ├── InvalidRegime           a file that holds no regime                  (schemas.regimes)
    ├── PassError               a pass, key or list cannot be made or kept   (infra)
    ├── BackupError             a backup cannot be made, or is not whole     (infra)
    └── SettingsError           a variable holds no fitting value            (infra)
"""

from __future__ import annotations


class HarvestlaneError(Exception):
    """The base of all expected errors: the message is one clear line, with what to do."""


class MalformedEvent(HarvestlaneError):
    """Bytes that are no event of the catalogue; the message names the first thing wrong."""


class RefusedEvent(HarvestlaneError):
    """A well-formed event that a named rule of intake refuses.

    Parameters
    ----------
    rule
        The rule's stable code.
    detail
        One sentence for people.
    """

    def __init__(self, rule: str, detail: str) -> None:
        super().__init__(f"{rule}: {detail}")
        self.rule = rule
        self.detail = detail


class Unavailable(HarvestlaneError):
    """The broker or Redis does not answer; nothing was acknowledged."""


class StackError(HarvestlaneError):
    """The local stack cannot start or stop."""


class NoSuchLetter(HarvestlaneError):
    """No dead letter stands at that offset, or no topic has that name."""


class ImportRefused(HarvestlaneError):
    """The API refused a file that was to be imported."""


class UserRefused(HarvestlaneError):
    """The API refused what was asked of its users, or nobody has that log-in name."""


class BackupError(HarvestlaneError):
    """A backup cannot be made or restored: something is in the way, missing or not as it was."""


class PassError(HarvestlaneError):
    """A pass, key or list cannot be made, read or kept."""


class InvalidRegime(HarvestlaneError):
    """A regime's file cannot be read; the message names the file and the field."""


class SettingsError(HarvestlaneError):
    """A setting in the environment holds no fitting value; the message names the variable."""
