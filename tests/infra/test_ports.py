"""See that a port is free, and who has it."""

import socket

import pytest

from infra import ports
from infra.settings import free_ports
from schemas.errors import StackError


def test_free_port_passes() -> None:
    """Nothing listens: nothing is said, and the port stays free."""
    (port,) = free_ports(1)
    for _twice in range(2):
        ports.require_free("127.0.0.1", port, process="api", variable="HARVESTLANE_PORT")
    assert port > 0


def test_taken_port_names_the_process_and_the_variable() -> None:
    """The message says who has the port and how to move ours."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        expected = rf"api: port {port} of 127.0.0.1 is taken by .*\(pid \d+\).*HARVESTLANE_PORT"
        with pytest.raises(StackError, match=expected):
            ports.require_free("127.0.0.1", port, process="api", variable="HARVESTLANE_PORT")
