"""Make OSRM an environment of its own, and its data from our roads; both are kept in the cache."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic_settings import BaseSettings, SettingsConfigDict

from infra.bench.roads.osrm_profile import profile
from infra.settings import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.bench.measure import Tell

VERSION = "26.10.0"
CACHE = PROJECT / ".cache" / "bench"
ALGORITHMS = ("CH", "MLD")

_NAMES = ("python3.12", "python3.13", "python3.14")
_INSTALL_S = 300
_BUILD_S = 1800
_STEPS = {"CH": ("contract",), "MLD": ("partition", "customize")}


class OsrmMissing(Exception):
    """OSRM cannot be had here; the message says why."""


class _Choice(BaseSettings):
    """Read which Python to make the environment with: `PYTHON312`."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    python312: str | None = None


def environment(cache: Path = CACHE) -> Path:
    """Find or make the environment with OSRM's wheel.

    Parameters
    ----------
    cache
        Folder for what benchmarks keep.

    Returns
    -------
    pathlib.Path
        Its Python.

    Raises
    ------
    OsrmMissing
        If no Python from 3.12 on is found, or the wheel cannot be installed.
    """
    home = cache / f"osrm-{VERSION}"
    python = home / "bin" / "python"
    if _runs(python, "import osrm"):
        return python
    base = next((found for found in _pythons() if _runs(found, _NEW_ENOUGH)), None)
    if base is None:
        raise OsrmMissing(
            "OSRM was not measured: its wheel needs Python 3.12; install one or set PYTHON312"
        )
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(parents=True, exist_ok=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "-q"]
    try:
        _call([str(base), "-m", "venv", str(home)], _INSTALL_S)
        _call([*pip, "--only-binary", ":all:", f"osrm-bindings=={VERSION}"], _INSTALL_S)
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(home, ignore_errors=True)
        raise OsrmMissing(
            f"OSRM was not measured: osrm-bindings {VERSION} cannot be installed ({_why(error)})"
        ) from error
    if not _runs(python, "import osrm"):
        raise OsrmMissing(f"OSRM was not measured: osrm-bindings {VERSION} does not run here")
    return python


_NEW_ENOUGH = "import sys, venv; sys.exit(sys.version_info < (3, 12))"


def _pythons() -> Iterator[Path]:
    """Name Pythons to try: the one that is set, those on the path, and pyenv's behind its shims."""
    for name in (_Choice().python312, *_NAMES):
        found = shutil.which(name) if name else None
        if found is None or name is None:
            continue
        yield Path(found)
        yield from sorted(Path(found).parent.parent.glob(f"versions/*/bin/{Path(name).name}"))


def _runs(python: Path, code: str) -> bool:
    try:
        _call([str(python), "-c", code], 60)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def data(pbf: Path, python: Path, *, tell: Tell, cache: Path = CACHE) -> dict[str, Path]:
    """Find or build OSRM's data of some roads.

    Parameters
    ----------
    pbf
        The roads, as `infra.bench.roads.pbf` writes them.
    python
        Of `environment`.
    tell
        Is told what happens.
    cache
        Folder for what benchmarks keep: builds are named by the content of all that goes in.

    Returns
    -------
    dict
        Where the data of each of `ALGORITHMS` is.

    Raises
    ------
    OsrmMissing
        If a step fails or takes longer than half an hour.
    """
    text = profile()
    digest = hashlib.sha256(pbf.read_bytes() + text.encode() + VERSION.encode()).hexdigest()[:16]
    home = cache / f"osrm-data-{digest}"
    if not home.exists():
        cache.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix="osrm-", dir=cache))
        try:
            _build(pbf, python, draft, text, tell)
            draft.rename(home)
        except (OSError, subprocess.SubprocessError) as error:
            raise OsrmMissing(
                f"OSRM was not measured: its data cannot be built ({_why(error)})"
            ) from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return {name: home / name / "roads.osrm" for name in ALGORITHMS}


def _build(pbf: Path, python: Path, draft: Path, text: str, tell: Tell) -> None:
    lua = draft / "roads.lua"
    lua.write_text(text, encoding="utf-8")
    for name in ALGORITHMS:
        folder = draft / name
        folder.mkdir()
        tell(f"OSRM {name}: extract")
        roads = folder / "roads.osm.pbf"
        shutil.copyfile(pbf, roads)
        tool = [str(python), "-m", "osrm"]
        _call([*tool, "extract", "-p", str(lua), str(roads)], _BUILD_S)
        roads.unlink()
        for step in _STEPS[name]:
            tell(f"OSRM {name}: {step} (minutes, once)")
            _call([*tool, step, str(folder / "roads.osrm")], _BUILD_S)


def _call(command: list[str], limit_s: float) -> None:
    subprocess.run(  # noqa: S603 - our own words
        command, check=True, capture_output=True, timeout=limit_s, stdin=subprocess.DEVNULL
    )


def _why(error: BaseException) -> str:
    words = getattr(error, "stderr", None) or b""
    lines = words.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else type(error).__name__
