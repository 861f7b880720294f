"""The nginx in front of the API."""

from collections.abc import Mapping
from pathlib import Path

from deploy.cluster import DEPLOY
from deploy.processes import Account, Server


def start_front(folder: Path, *, log: Path, env: Mapping[str, str]) -> Server:
    """Started with the variables of front.sh; it writes to the folder alone."""
    folder.mkdir(mode=0o700, exist_ok=True)
    return Server(
        "nginx",
        ["sh", DEPLOY / "front.sh"],
        account=Account.own(),
        log=log,
        env={**env, "FRONT_FOLDER": str(folder)},
    )
