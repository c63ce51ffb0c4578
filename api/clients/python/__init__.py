"""Call the API from Python: `Client` has a method for each operation, with its types."""

from api.clients.python.core import ApiProblem
from api.clients.python.operations import Client

__all__ = ["ApiProblem", "Client"]
