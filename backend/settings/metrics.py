"""Where the processes of one server count together."""

import os
import tempfile
from pathlib import Path

# By this name prometheus-client knows it, which looks when it is imported.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def folder_of_siblings(purpose: str) -> str:
    """A path that is the same for the children of this process's parent, and after no restart."""
    parent = os.getppid()
    # Numbers of processes come again; since when one has run does not (proc(5), field 22).
    since = Path(f"/proc/{parent}/stat").read_text().rpartition(")")[2].split()[19]
    # In memory: whoever writes to a mapped file on a full disk is ended by the kernel.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else tempfile.gettempdir()  # noqa: S108  # named by us
    return f"{memory}/coalition-{purpose}-{parent}-{since}"


def share_counts() -> None:
    """Name a folder that the children of this process's parent share, unless one is named.

    It is another after each start, so that nothing is counted twice.
    """
    if FOLDER not in os.environ:
        os.environ[FOLDER] = folder_of_siblings("metrics")
    Path(os.environ[FOLDER]).mkdir(mode=0o700, parents=True, exist_ok=True)
