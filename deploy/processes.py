"""Starting and ending the servers of the stack."""

import ctypes
import os
import pwd
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1  # prctl(2)

Command = Sequence[str | Path]

# What strerror(3), and PostgreSQL after a write of half a page, say in English.
DISK_IS_FULL = re.compile("No space left on device|Check free disk space")


class StackError(Exception):
    """What went wrong, and what to do about it, in a sentence for whoever typed the command."""


@dataclass(frozen=True)
class Account:
    """Whom a process runs as."""

    uid: int
    gid: int

    @classmethod
    def own(cls) -> "Account":
        return cls(os.geteuid(), os.getegid())

    @classmethod
    def for_servers(cls) -> "Account":
        """The user who started the stack, or postgres if that is root: PostgreSQL refuses root."""
        if os.geteuid() != 0:
            return cls.own()
        entry = pwd.getpwnam("postgres")  # made by the package
        return cls(entry.pw_uid, entry.pw_gid)

    def command(self, command: Command, *, stop_signal: signal.Signals) -> Command:
        """One that runs as this account, and gets `stop_signal` when its parent has ended."""
        identity = [f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"]
        return [
            "setpriv",
            f"--pdeathsig={stop_signal.name.removeprefix('SIG')}",
            *(identity if os.geteuid() == 0 else []),
            *command,
        ]

    def can_enter(self, folder: Path) -> bool:
        return run(["test", "-x", folder], account=self).returncode == 0

    def make_folder(self, folder: Path) -> Path:
        """A folder that only this account can look into."""
        folder.mkdir(mode=0o700, exist_ok=True)
        os.chown(folder, self.uid, self.gid)
        return folder

    def write(self, path: Path, text: str) -> Path:
        """A file that only this account can read."""
        path.touch(mode=0o600)
        os.chown(path, self.uid, self.gid)
        path.write_text(text)
        return path


class Server:
    """A child process that ends with this one, whatever ends this one."""

    def __init__(
        self,
        name: str,
        command: Command,
        *,
        account: Account,
        log: Path | None = None,
        env: Mapping[str, str] | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.log = log
        self.env = env
        self._stop_signal = stop_signal
        output = log.open("ab") if log else None
        try:
            self.process = subprocess.Popen(
                account.command(command, stop_signal=stop_signal),
                env=env,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                # Ctrl-C is for the stack, which stops its servers one after the other.
                start_new_session=True,
            )
        finally:
            if output:
                output.close()

    def wait_until(self, is_ready: Callable[[], bool], *, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise StackError(f"{self.name} did not start.{self.last_words()}")
            time.sleep(0.05)

    def last_words(self) -> str:
        if self.log is None:
            return ""
        tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
        return f" The end of {self.log}:\n{tail}"

    def stop(self) -> None:
        self.process.send_signal(self._stop_signal)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        # What it started outlives it if it was killed, and would keep its port.
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def end_with_parent(stop_signal: signal.Signals) -> None:
    """Have the kernel send this process `stop_signal` when its parent is gone, be it by kill -9."""
    LIBC.prctl(PR_SET_PDEATHSIG, stop_signal)


def run(
    command: Command, *, account: Account, env: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[bytes]":
    """Run a command to its end, unless this process ends before, and capture what it prints."""
    return subprocess.run(
        account.command(command, stop_signal=signal.SIGKILL),
        env=env,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )


def run_step(
    what: str,
    command: Command,
    *,
    account: Account,
    env: Mapping[str, str] | None = None,
) -> None:
    """Run a step of the set-up; its output is shown only if it fails."""
    in_english = {**(env or os.environ), "LC_ALL": "C.UTF-8"}
    done = run(command, account=account, env=in_english)
    if done.returncode == 0:
        return
    output = done.stdout.decode(errors="replace")
    if DISK_IS_FULL.search(output):  # a line among the many of initdb
        raise StackError(
            f"{what} failed: there is no space left on the disk. Make some, "
            "or use a folder on another: COALITION_HOME=… make run, TMPDIR=… make test"
        )
    sys.stderr.write(output)
    raise StackError(f"{what} failed; the reason is above.")


def accepts_connections(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def require_free_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        reason = str(error.strerror).partition(" (")[0]
        raise StackError(
            f"Cannot listen on {host} port {port}: {reason}. "
            f"Choose another port: PORT={port + 1} make run"
        ) from error
