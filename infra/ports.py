"""See that a port is free before a server is started on it, and say who has it."""

import socket

import psutil

from schemas.errors import StackError


def require_free(host: str, port: int, *, process: str, variable: str) -> None:
    """Refuse to start a server where another one listens.

    Parameters
    ----------
    host, port
        Where the server is going to listen.
    process
        The server's name, for the message.
    variable
        The environment variable that moves it elsewhere.

    Raises
    ------
    StackError
        Something listens there; the message says what, where that can be seen.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise StackError(
                f"{process}: port {port} of {host} is taken{_by_whom(port)} ({error.strerror}); "
                f"stop what has it, or set {variable} to a free port"
            ) from error


def _by_whom(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            here = connection.laddr and connection.laddr.port == port
            if here and connection.status == psutil.CONN_LISTEN and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        return ""
    return ""
