"""Find the data that tests may use but the product does not need."""

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"


def shared_data(name: str) -> Path:
    """Return a file of the shared data; skip the test, saying why, where it is absent.

    Parameters
    ----------
    name
        Path within the folder ``shared/data`` beside the project, or wherever the variable
        ``SHARED_DATA`` of the tests' environment says.
    """
    path = Path(os.environ.get("SHARED_DATA", _BESIDE)) / name
    if not path.exists():
        pytest.skip(f"the shared data has no {name}: it is not part of the project")
    return path
