"""Run the local stack: broker, Redis, stream workers, projector, API and a scenario's player."""

from infra.stack.plan import Wanted
from infra.stack.remote import Stack, running_stack, start_detached, stop
from infra.stack.restart import restart
from infra.stack.run import run

__all__ = ["Stack", "Wanted", "restart", "run", "running_stack", "start_detached", "stop"]
