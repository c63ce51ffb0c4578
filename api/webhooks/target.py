"""Send to addresses that strangers chose: to none but public ones, and to the one that was checked.

A name is resolved once, where the connection is made; nothing is resolved between check and use.
Redirects are not followed, and no proxy of the environment is asked.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import httpcore
import httpx

from api.problems import Flaw, Problem

_CONNECT_S, _ANSWER_S, _WHOLE_S = 5.0, 10.0, 15.0
_MOST_ANSWER_BYTES = 4_096
_IDLE_S = 30.0
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_LOCAL_NAMES = (".localhost", ".local", ".internal", ".home.arpa")

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Gives the addresses of a name."""


class AddressRefused(Exception):
    """The address is none that webhooks go to."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one attempt.

    Attributes
    ----------
    status
        The HTTP status; None where there was no answer.
    error
        Why there was none.
    took_ms
        How long it took, in milliseconds.
    """

    status: int | None
    error: str | None
    took_ms: int

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the open internet.

    Parameters
    ----------
    address
        As text; with or without a zone.
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inside = found.ipv4_mapped
        if found in _NAT64:
            inside = ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)
        if inside is not None:
            return is_public(str(inside))
        if found.sixtofour is not None or found.teredo is not None:
            return False
    return found.is_global and not found.is_multicast


def refuse_url(url: str, *, may_be_private: bool) -> None:
    """Refuse a URL that can never be sent to, as soon as somebody names it.

    Parameters
    ----------
    url
        Where to send.
    may_be_private
        Whether plain HTTP, this machine and private networks are allowed.

    Raises
    ------
    Problem
        `url_refused`.
    """
    why = _why_not(url, may_be_private=may_be_private)
    if why:
        flaw = Flaw(pointer="#/url", message=why, code="url_refused")
        raise Problem("url_refused", f"the url {why}", errors=[flaw])


def _why_not(url: str, *, may_be_private: bool) -> str | None:
    try:
        read = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return "cannot be read"
    if read.scheme != "https" and not (may_be_private and read.scheme == "http"):
        return "must begin with https://"
    if not read.host or read.userinfo or read.fragment:
        return "must name a host, and neither a user nor a fragment"
    if not may_be_private and _is_private(read.host):
        return "must not lead to this machine or a private network"
    return None


def _is_private(host: str) -> bool:
    """Tell whether a host is known to be private by its name or number alone."""
    try:
        return not is_public(host)
    except ValueError:
        return f".{host.rstrip('.')}".endswith(_LOCAL_NAMES)


async def resolve(host: str, port: int) -> list[str]:
    """Ask the system for a name's addresses.

    Parameters
    ----------
    host, port
        What to connect to.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class _CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connect to the address that was checked; certificates go by the name all the same."""

    def __init__(self, find: Resolve, *, may_be_private: bool) -> None:
        self._find = find
        self._may_be_private = may_be_private
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self._find(host, port)
        if not self._may_be_private and not all(map(is_public, addresses)):
            raise AddressRefused(host)
        return await self._backend.connect_tcp(
            addresses[0],
            port,
            timeout=timeout,
            local_address=local_address,
            socket_options=socket_options,
        )


class Sender:
    """Post to receivers.

    Parameters
    ----------
    may_be_private
        Whether plain HTTP, this machine and private networks are allowed.
    find
        How names are resolved.
    context
        Whose certificates are believed; the well-known authorities' without it.
    """

    def __init__(
        self,
        *,
        may_be_private: bool = False,
        find: Resolve = resolve,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._may_be_private = may_be_private
        self._backend = _CheckedBackend(find, may_be_private=may_be_private)
        self._context = context

    @cached_property
    def _pool(self) -> httpcore.AsyncConnectionPool:
        return httpcore.AsyncConnectionPool(
            ssl_context=self._context or httpx.create_ssl_context(),
            max_connections=None,  # each hook has a bound of its own: none waits for another's
            max_keepalive_connections=50,
            keepalive_expiry=_IDLE_S,
            network_backend=self._backend,
        )

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send once; whatever goes wrong is an answer, too.

        Parameters
        ----------
        url, headers, body
            What to send.
        """
        started = time.perf_counter()
        status, error = None, None
        try:
            async with asyncio.timeout(_WHOLE_S):
                status = await self._post(url, headers, body)
        except TimeoutError:
            error = "timeout"
        except AddressRefused:
            error = "address_refused"
        except httpcore.TimeoutException:
            error = "timeout"
        except socket.gaierror:
            error = "name_unknown"
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as failure:
            is_tls = "CERTIFICATE_VERIFY_FAILED" in str(failure)
            error = "certificate" if is_tls else "connection"
        return Answer(status, error, round((time.perf_counter() - started) * 1000))

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        if _why_not(url, may_be_private=self._may_be_private):
            raise AddressRefused
        limits = {"connect": _CONNECT_S, "read": _ANSWER_S, "write": _ANSWER_S, "pool": _CONNECT_S}
        read = httpx.URL(url)
        head = {"host": read.netloc.decode(), "content-length": str(len(body)), **headers}
        async with self._pool.stream(
            "POST",
            httpcore.URL(str(read)),
            headers=list(head.items()),
            content=body,
            extensions={"timeout": limits},
        ) as answer:
            size = 0
            async for piece in answer.aiter_stream():
                size += len(piece)
                if size > _MOST_ANSWER_BYTES:
                    break  # and the connection is not used again
            return int(answer.status)

    async def close(self) -> None:
        """Close the connections."""
        if "_pool" in vars(self):
            await self._pool.aclose()
