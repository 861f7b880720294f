"""Where the processes of one server count together."""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

# By this name prometheus-client knows it, which looks when it is imported.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def shared_folder(purpose: str) -> str:
    """One that is the same for the children of this process's parent, and another after a restart.

    It is this user's alone; raises PermissionError if somebody else has made it.
    """
    parent = os.getppid() or os.getpid()  # none, in a container whose first process this is
    # In memory: whoever writes to a mapped file on a full disk is ended by the kernel.
    memory = Path("/dev/shm")  # noqa: S108  # the name is ours
    place = memory if os.access(memory, os.W_OK) else Path(tempfile.gettempdir())
    name = f"coalition-{purpose}-{os.geteuid()}"
    _remove_left(place, name)
    folder = place / f"{name}-{parent}-{_since(parent)}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise PermissionError(f"{folder} is somebody else's.")
    return str(folder)


def _since(pid: int | str) -> str:
    """When a process began. Numbers come again; this does not (proc(5), field 22)."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def _remove_left(place: Path, name: str) -> None:
    """What those have left whose parent is gone."""
    for left in place.glob(f"{name}-*-*"):
        pid, since = left.name.split("-")[-2:]
        with suppress(OSError):
            if _since(pid) == since:
                continue
        shutil.rmtree(left, ignore_errors=True)


def share_counts() -> None:
    """Name a folder that the children of this process's parent share, unless one is named.

    It is another after each start, so that nothing is counted twice.
    """
    if FOLDER not in os.environ:
        os.environ[FOLDER] = shared_folder("metrics")
    Path(os.environ[FOLDER]).mkdir(mode=0o700, parents=True, exist_ok=True)
