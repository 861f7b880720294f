"""What the workers of a server have in memory."""

from pathlib import Path

from deploy.processes import Server


class Workers:
    """The processes that granian has started for a server's requests."""

    def __init__(self, server: Server) -> None:
        main = server.process.pid
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        self._folders = [Path(f"/proc/{child}") for child in children]
        self._marked: dict[Path, float] = {}

    def resident_mb(self) -> float:
        """What the largest of them has."""
        return max(kept_mb(folder, "VmRSS") for folder in self._folders)

    def mark(self) -> None:
        """Have the growth counted from now on."""
        for folder in self._folders:
            (folder / "clear_refs").write_text("5")  # proc(5): the peak is forgotten
            self._marked[folder] = kept_mb(folder, "VmRSS")

    def growth_mb(self) -> float:
        """How much more than at the mark any of them has had, at its peak."""
        return max(kept_mb(folder, "VmHWM") - mb for folder, mb in self._marked.items())


def kept_mb(process: Path, name: str) -> float:
    lines = (process / "status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(f"{name}:")).split()[1]) / 1024
