"""Keep child processes running: start them in order, see that they are ready, restart, stop."""

from infra.supervisor.child import Child, Report, Stage, State
from infra.supervisor.keeper import Supervisor

__all__ = ["Child", "Report", "Stage", "State", "Supervisor"]
