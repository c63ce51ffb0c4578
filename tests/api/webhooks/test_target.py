"""Nothing is sent to where only this machine may go."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from api.problems import Problem
from api.webhooks.target import Sender, is_public, refuse_url
from tests.api.webhooks.conftest import Got, Receiver, receiving


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.1",
        "0.0.0.0",  # noqa: S104
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:a00:1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
    ],
)
def test_private_addresses_are_known(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"])
def test_public_addresses_are_known(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "ftp://example.org/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://api.internal/",
        "https://user:secret@example.org/",
        "https://example.org/#x",
        "https:///x",
        "https://",
        "example.org",
    ],
)
async def test_a_url_that_leads_inside_is_refused_or_not_connected_to(url: str) -> None:
    async def find(host: str, port: int) -> list[str]:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return [str(address[0]) for *_, address in found]

    try:
        refuse_url(url, may_be_private=False)
    except Problem as problem:
        assert problem.code == "url_refused"  # noqa: PT017 - or else it is not connected to
        return
    assert (await Sender(find=find).post(url, {}, b"")).error == "address_refused"


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["10.0.0.1"], ["1.1.1.1", "127.0.0.1"], ["::1"]]
)
async def test_a_name_is_judged_by_all_its_addresses(addresses: list[str]) -> None:
    async def find(_host: str, _port: int) -> list[str]:
        return addresses

    answer = await Sender(find=find).post("https://example.org/", {}, b"")
    assert (answer.status, answer.error) == (None, "address_refused")


async def test_a_name_is_resolved_once_and_the_checked_address_used(receiver: Receiver) -> None:
    asked: list[str] = []

    async def find(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    sender = Sender(may_be_private=True, find=find)
    url = f"http://receiver.example:{receiver.port}/x?y=1"
    answer = await sender.post(url, {"webhook-id": "m"}, b"{}")
    await sender.close()
    assert (answer.status, asked) == (200, ["receiver.example"])
    assert receiver.got[0].headers["host"] == f"receiver.example:{receiver.port}"


def certified(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Give a receiver a certificate of a name, and a sender trust in it."""
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(named, named, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "receiver.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    receives = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    receives.load_cert_chain(path)
    return receives, ssl.create_default_context(cafile=str(path))


async def test_certificates_go_by_the_name_and_not_by_the_address(tmp_path: Path) -> None:
    async def find(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    receives, trusts = certified(tmp_path, "receiver.example")
    async with receiving(context=receives) as receiver:
        sender = Sender(may_be_private=True, find=find, context=trusts)
        for host, said in (
            ("receiver.example", (200, None)),
            ("other.example", (None, "certificate")),
        ):
            answer = await sender.post(f"https://{host}:{receiver.port}/", {}, b"{}")
            assert (answer.status, answer.error) == said
        await sender.close()


async def test_redirects_are_not_followed() -> None:
    async def redirect(_got: Got) -> int:
        return 307

    async with receiving(redirect) as receiver:
        sender = Sender(may_be_private=True)
        answer = await sender.post(receiver.url, {}, b"{}")
        await sender.close()
    assert (answer.status, answer.is_taken, len(receiver.got)) == (307, False, 1)


async def test_of_a_long_answer_the_beginning_is_enough() -> None:
    async with receiving(answer=b"x" * 1_000_000) as receiver:
        sender = Sender(may_be_private=True)
        assert (await sender.post(receiver.url, {}, b"{}")).status == 200
        await sender.close()


@pytest.mark.parametrize(("find", "error"), [("none", "name_unknown"), ("closed", "connection")])
async def test_whatever_goes_wrong_is_an_answer(find: Any, error: str) -> None:
    async def lookup(_host: str, _port: int) -> list[str]:
        if find == "none":
            raise socket.gaierror
        return ["127.0.0.1"]

    sender = Sender(may_be_private=True, find=lookup)
    assert (await sender.post("http://example.org:1/", {}, b"")).error == error
    await sender.close()
