"""Copy what must last out of a stopped stack's folder, and put it back into an empty one.

What lasts is the event log, the secret that signs tokens, the keys that seal what is kept of
people, the audit log's heads, and how far scenarios have been played; views and tables are made
anew from the log.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from infra.settings import Settings
from infra.stack.record import held
from schemas.errors import BackupError

LOGS = ("kafka", "kafka-1", "kafka-2", "kafka-3")
"""Where the event log is: in the first with one broker, in the others with three."""
LASTING = (*LOGS, "secret", "scenario", "personal.keys", "audit.heads")
"""What is copied, by its name in the stack's folder."""
MANIFEST = "backup.json"
_ROOM = 1.1

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds.

    Attributes
    ----------
    made
        When.
    files, size
        How many files, and their bytes.
    """

    made: str
    files: int
    size: int


def backup(settings: Settings, folder: Path, *, tell: Tell = lambda _: None) -> Backup:
    """Copy what must last into a new folder, with a checksum for each file.

    Parameters
    ----------
    settings
        Name the stack's folder; no stack may run from it.
    folder
        Where to; it must not exist, or be empty.
    tell
        Is told what happens.

    Raises
    ------
    BackupError
        There is nothing to keep, the broker is not ours, or the folder is in use or too small.
    StackError
        The stack runs.
    """
    if settings.kafka is not None:
        raise BackupError(
            "HARVESTLANE_KAFKA names a broker that is not this stack's: back it up by its own means"
        )
    if not any((settings.home / name).is_dir() for name in LOGS):
        raise BackupError(f"{settings.home} holds no stack; HARVESTLANE_HOME names its folder")
    _require_empty(folder)
    with held(settings):
        files = list(_files(settings.home))
        size = sum(path.stat().st_size for path in files)
        _require_room(folder, size)
        draft = folder.parent / f"{folder.name}.part"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700, parents=True)
        sums = {}
        for path in files:
            name = path.relative_to(settings.home).as_posix()
            tell(f"copying {name}")
            _copy(path, draft / name)
            sums[name] = _sum(draft / name)
        made = datetime.now(UTC).isoformat(timespec="seconds")
        manifest = {"made": made, "files": sums}
        (draft / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        if folder.exists():
            folder.rmdir()
        draft.rename(folder)
    return Backup(made, len(files), size)


def restore(settings: Settings, folder: Path, *, tell: Tell = lambda _: None) -> Backup:
    """Put a backup into an empty stack folder; every file has to be as it was.

    Parameters
    ----------
    settings
        Name the stack's folder, where no event log may be.
    folder
        The backup.
    tell
        Is told what happens.

    Raises
    ------
    BackupError
        It is no backup, a file of it is missing or has changed, or the stack's folder is in use.
    StackError
        A stack runs.
    """
    sums, made = _manifest(folder)
    if any((settings.home / name).exists() for name in LOGS):
        raise BackupError(
            f"{settings.home} holds an event log already: set HARVESTLANE_HOME to an empty folder, "
            "or move that one away"
        )
    brokers = 1 if any(Path(name).parts[0] == LOGS[0] for name in sums) else len(LOGS) - 1
    if brokers != settings.brokers:
        raise BackupError(
            f"{folder} is the backup of a stack with {brokers} broker{'s' * (brokers > 1)}: set "
            f"HARVESTLANE_BROKERS={brokers}"
        )
    for name, known in sums.items():
        tell(f"checking {name}")
        if not (folder / name).is_file() or _sum(folder / name) != known:
            raise BackupError(f"{folder / name} is missing or not as it was backed up")
    with held(settings):
        for name in sums:
            tell(f"copying {name}")
            _copy(folder / name, settings.home / name)
    return Backup(made, len(sums), sum((folder / name).stat().st_size for name in sums))


def _files(home: Path) -> Iterator[Path]:
    for name in LASTING:
        path = home / name
        if path.is_file():
            yield path
        yield from sorted(one for one in path.rglob("*") if one.is_file())


def _manifest(folder: Path) -> tuple[dict[str, str], str]:
    try:
        doc = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        sums, made = dict(doc["files"]), str(doc["made"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(
            f"{folder} is no backup: it has no readable {MANIFEST}; name the folder that "
            "`harvestlane backup` made"
        ) from error
    outside = [name for name in sums if Path(name).parts[:1] not in {(own,) for own in LASTING}]
    if outside or any(".." in Path(name).parts for name in sums):
        raise BackupError(f"{folder / MANIFEST} names files that no backup has")
    return sums, made


def _require_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupError(f"{folder} is there already; name a new or an empty folder")
    if not folder.parent.is_dir():
        raise BackupError(f"there is no folder {folder.parent} to put the backup into")


def _require_room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder.parent).free
    if free < size * _ROOM:
        raise BackupError(
            f"{folder.parent} has {free >> 20} MB left and the backup takes {size >> 20} MB"
        )


def _copy(source: Path, target: Path) -> None:
    """Copy a file with its rights."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
