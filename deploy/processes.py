"""Starting and ending the servers of the stack."""

import ctypes
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1  # prctl(2)


class StackError(Exception):
    """What went wrong, and what to do about it, in a sentence for whoever typed the command."""


@dataclass(frozen=True)
class Account:
    """Whom the servers run as: the user who started the stack, or postgres if that is root."""

    uid: int
    gid: int

    @classmethod
    def for_servers(cls) -> "Account":
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        entry = pwd.getpwnam("postgres")  # made by the package; PostgreSQL refuses to run as root
        return cls(entry.pw_uid, entry.pw_gid)

    def popen(self, command: Sequence[str | Path], **options: object) -> "subprocess.Popen[bytes]":
        """Start a command as this account; options are those of subprocess.Popen."""
        if os.geteuid() == 0:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return subprocess.Popen(command, cwd="/", **options)  # type: ignore[call-overload, no-any-return]  # options pass through

    def run(self, command: Sequence[str | Path]) -> "subprocess.CompletedProcess[bytes]":
        """Run a command as this account, and capture what it prints."""
        process = self.popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output, _ = process.communicate()
        return subprocess.CompletedProcess(command, process.returncode, output)

    def can_enter(self, folder: Path) -> bool:
        return self.run(["test", "-x", folder]).returncode == 0

    def make_folder(self, folder: Path) -> Path:
        """A folder that only this account can look into."""
        folder.mkdir(mode=0o700, exist_ok=True)
        os.chown(folder, self.uid, self.gid)
        return folder


class Server:
    """A child process that ends with this one, whatever ends this one."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        account: Account,
        log: Path | None = None,
        env: Mapping[str, str] | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        patience: float = 10,
    ) -> None:
        self.name = name
        self.log = log
        self._stop_signal = stop_signal
        self._patience = patience
        output = log.open("ab") if log else None
        try:
            self.process = account.popen(
                command,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                # Ctrl-C is for the stack, which stops its servers one after the other.
                start_new_session=True,
                preexec_fn=lambda: end_with_parent(stop_signal),
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
        if self.process.poll() is not None:
            return
        self.process.send_signal(self._stop_signal)
        try:
            self.process.wait(self._patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def end_with_parent(stop_signal: signal.Signals) -> None:
    """Have the kernel send this process `stop_signal` when its parent is gone, be it by kill -9."""
    LIBC.prctl(PR_SET_PDEATHSIG, stop_signal)


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
        raise StackError(
            f"Cannot listen on {host} port {port} ({error.strerror}). "
            f"Choose another port: PORT={port + 1} make run"
        ) from error


def run_to_end(command: Sequence[str | Path], *, env: Mapping[str, str], what: str) -> None:
    """Run a step of the set-up; its output is shown only if it fails."""
    done = subprocess.run(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode != 0:
        sys.stderr.write(done.stdout.decode(errors="replace"))
        raise StackError(f"{what} failed; the reason is above.")
