"""The repository holds no secret, and what it builds on is pinned by content."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from infra.settings import PROJECT

SECRETS = {
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\r\n]+[A-Za-z0-9+/=]{20}",
    "a private JSON Web Key": r'"d"\s*:\s*"[A-Za-z0-9_-]{40,}"',
    "a signed token": r"eyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}",
    "a machine's key": r"hlk_[0-9a-z]{16}_[0-9a-f]{72}",
    "a webhook's secret": r"whsec_[A-Za-z0-9+/=]{32,}",
    "a password's hash": r"\$argon2id\$v=19\$m=[\d,tp=]+\$[A-Za-z0-9+/]{16,}\$[A-Za-z0-9+/]{20,}",
    "a cloud's key": r"AKIA[0-9A-Z]{16}\b",
    "another cloud's key": r"AIza[0-9A-Za-z_-]{35}\b",
    "a forge's token": r"gh[pousr]_[A-Za-z0-9]{36}\b",
    "another forge's token": r"glpat-[\w-]{20}",
    "a registry's token": r"npm_[A-Za-z0-9]{36}\b",
    "a password in an address": r"://[^/\s:@\"'{}]+:[^/\s:@\"'{}$]{3,}@[a-z0-9.-]+",
}
_SAMPLES = {
    "a private key": "-----BEGIN EC PRIVATE KEY-----\n" + "A" * 24,
    "a private JSON Web Key": '"d": "' + "a" * 43 + '"',
    "a signed token": ".".join(["eyJ" + "a" * 20, "eyJ" + "a" * 20, "a" * 43]),
    "a machine's key": "hlk_" + "0" * 16 + "_" + "0" * 72,
    "a webhook's secret": "whsec_" + "a" * 32,
    "a password's hash": "$argon2id$v=19$m=19456,t=2,p=1$" + "a" * 22 + "$" + "a" * 43,
    "a cloud's key": "AKIA" + "A" * 16,
    "another cloud's key": "AIza" + "a" * 35,
    "a forge's token": "ghp_" + "a" * 36,
    "another forge's token": "glpat-" + "a" * 20,
    "a registry's token": "npm_" + "a" * 36,
    "a password in an address": "redis://someone:" + "hushed@example",
}
HARMLESS = {
    ("a password in an address", "docs/devices.md"): "where a key goes, told with dots",
    ("a password in an address", "tests/api/webhooks/test_target.py"): "an address to be refused",
}
"""What looks like a secret and is none: kind and file, and why."""


def tracked() -> dict[str, str]:
    """Return the text of every file that is, or is about to be, in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("this is no repository")
    names = [name for name in listed.stdout.decode().split("\0") if name]
    files = [PROJECT / name for name in names]
    return {
        name: file.read_bytes().decode("utf-8", "ignore")
        for name, file in zip(names, files, strict=True)
        if file.is_file() and not file.is_symlink()
    }


def test_no_file_holds_a_secret() -> None:
    found = {
        (kind, name)
        for name, text in tracked().items()
        for kind, pattern in SECRETS.items()
        if re.search(pattern, text)
    }
    assert found == HARMLESS.keys()


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_would_be_found(kind: str) -> None:
    assert re.search(SECRETS[kind], f"x = {_SAMPLES[kind]}\n")


def test_no_file_is_a_place_for_secrets() -> None:
    suspicious = r"(^|/)(\.env(\..*)?|secret|personal\.keys|.*\.(pem|key|p12|pfx|jks|kdbx))$"
    assert [name for name in tracked() if re.search(suspicious, name)] == []
    ignored = (PROJECT / ".gitignore").read_text(encoding="utf-8").split()
    assert {".harvestlane/", ".venv/"} <= set(ignored)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-build.lock"])
def test_every_python_package_is_pinned_by_content(lock: str) -> None:
    text = (PROJECT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith(("#", " "))]
    assert lines
    for line in lines:
        assert re.match(r"[a-z0-9._-]+==\S+ ", line), line[:60]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), line[:60]
    assert f"--require-hashes -r {lock}" in (PROJECT / "infra/setup/venv.sh").read_text("utf-8")


def test_every_package_of_the_pages_is_pinned_by_content() -> None:
    lock = json.loads((PROJECT / "api/pages/package-lock.json").read_text(encoding="utf-8"))
    packages = {name: told for name, told in lock["packages"].items() if name}
    assert packages
    assert [name for name, told in packages.items() if "integrity" not in told] == []
    assert "npm ci " in (PROJECT / "infra/setup/pages.sh").read_text(encoding="utf-8")
