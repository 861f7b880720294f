"""`make run`, as its own processes in a folder of its own: what it starts, and what it leaves."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

import psycopg
import pytest

from deploy.database import ROOT
from deploy.processes import Account, accepts_connections, free_port

URLS = {
    "DATABASE_URL": "coalition_app",
    "DATABASE_READER_URL": "coalition_reader",
    "DATABASE_OWNER_URL": "coalition_master",
}
OURS = (*URLS, "DJANGO_SETTINGS_MODULE", "SECRET_KEY")


def environment(home: Path, **variables: str) -> dict[str, str]:
    """This process's, without the database of the tests."""
    inherited = {name: value for name, value in os.environ.items() if name not in OURS}
    return inherited | {"COALITION_HOME": str(home)} | variables


def processes_of(home: Path) -> dict[int, str]:
    """The command of each process that was started for `home` or works in it, by its id."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ")
            # PostgreSQL overwrites its environment, and has its data as working folder.
            traces = (process / "environ").read_bytes() + os.fsencode((process / "cwd").readlink())
            if os.fsencode(home) in command + traces:
                found[int(process.name)] = os.fsdecode(command)
    return found


def started_at(pid: int) -> int:
    """In ticks of the clock since the machine started: proc(5), `starttime`."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
    return int(after_name.split()[19])


@dataclass
class LocalStack:
    home: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            # Under nohup the tests ignore SIGHUP, and so would what they start.
            ["env", "--default-signal=HUP", sys.executable, "-m", "deploy.stack", "run"],
            cwd=ROOT,
            env=environment(self.home, PORT=str(self.port), HOST="127.0.0.1"),
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while not accepts_connections("127.0.0.1", self.port):
            assert self.process.poll() is None, "it ended instead of starting"
            assert time.monotonic() < deadline, "it did not start"
            time.sleep(0.1)

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def process_named(self, name: str) -> int:
        """The first of that name, which started the others."""
        named = [pid for pid, command in processes_of(self.home).items() if name in command]
        return min(named, key=started_at)

    def wait_for_the_end(self) -> int:
        """Its exit code, once it and all it started are gone."""
        assert self.process is not None
        exit_code = self.process.wait(20)
        deadline = time.monotonic() + 10
        while (left := processes_of(self.home)) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert left == {}
        return exit_code

    def status_of(self, path: str) -> int:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", path)
        status = connection.getresponse().status
        connection.close()
        return status

    @property
    def variables(self) -> dict[str, str]:
        lines = (self.home / "stack.env").read_text().splitlines()
        return dict(line.split("=", maxsplit=1) for line in lines)

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """Run a statement as coalition_master, and commit."""
        url = self.variables["DATABASE_OWNER_URL"]
        with psycopg.connect(url) as owner:
            cursor = owner.execute(statement)
            return cursor.fetchall() if cursor.description else []


def refusal(home: Path, **variables: str) -> str:
    """What a stack says that does not start."""
    done = subprocess.run(
        [sys.executable, "-m", "deploy.stack", "run"],
        cwd=ROOT,
        env=environment(home, **variables),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    return done.stderr


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    # pytest's own folders are closed to the account of the servers.
    home = Path(tempfile.mkdtemp(prefix="coalition stack "))
    home.chmod(0o755)
    # As if loaded already: the demo data have tests of their own, and take their time.
    servers = Account.for_servers().make_folder(home / "servers")
    (servers / "demo.loaded").touch()
    stack = LocalStack(home)
    yield stack
    if stack.is_running():
        assert stack.process is not None
        stack.process.terminate()
        stack.process.wait(30)
    for pid in processes_of(home):
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(home)


@pytest.fixture
def running(stack: LocalStack) -> LocalStack:
    """The stack, started again if the last test ended it."""
    if not stack.is_running():
        stack.start()
    return stack


class TestAStackThatRuns:
    def test_serves(self, running: LocalStack) -> None:
        assert running.status_of("/admin/login/") == 200

    def test_serves_the_stylesheets_of_the_admin(self, running: LocalStack) -> None:
        assert running.status_of("/static/admin/css/base.css") == 200

    def test_writes_where_it_is_to_a_file_for_its_owner_only(self, running: LocalStack) -> None:
        path = running.home / "stack.env"

        assert running.variables.keys() >= {*URLS, "HOST", "PORT"}
        assert running.variables["PORT"] == str(running.port)
        assert path.stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize(("variable", "role"), URLS.items())
    def test_lets_each_role_in_at_its_url(
        self, running: LocalStack, variable: str, role: str
    ) -> None:
        with psycopg.connect(running.variables[variable]) as connected:
            user = connected.execute("SELECT current_user::text").fetchone()

        assert user == (role,)

    def test_is_found_by_the_command_line(self, running: LocalStack) -> None:
        done = manage("migrate", "--check", home=running.home)

        assert done.returncode == 0, done.stderr

    def test_has_its_folder_to_itself(self, running: LocalStack) -> None:
        assert running.process is not None

        said = refusal(running.home, PORT=str(free_port()))

        assert said.startswith(
            f"The stack of {running.home} is running already, as process {running.process.pid}. "
        )

    def test_has_its_port_to_itself(self, running: LocalStack, tmp_path: Path) -> None:
        said = refusal(tmp_path / "another", PORT=str(running.port))

        assert said == (
            f"Cannot listen on 127.0.0.1 port {running.port}: Address already in use. "
            f"Choose another port: PORT={running.port + 1} make run\n"
        )
        assert not (tmp_path / "another").exists()


class TestAStackThatIsStopped:
    @pytest.mark.parametrize("stop_signal", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
    def test_leaves_nothing_running(self, running: LocalStack, stop_signal: signal.Signals) -> None:
        assert running.process is not None

        running.process.send_signal(stop_signal)

        assert running.wait_for_the_end() == 0
        assert not (running.home / "stack.env").exists()


class TestAStackOfAnEarlierVersion:
    def test_gets_the_password_that_it_does_not_have_and_keeps_the_others(
        self, running: LocalStack
    ) -> None:
        assert running.process is not None
        running.process.terminate()
        running.wait_for_the_end()
        path = running.home / "secrets.json"
        before = json.loads(path.read_text())
        earlier = {name: text for name, text in before.items() if name != "reader_password"}
        path.write_text(json.dumps(earlier))

        running.start()

        after = json.loads(path.read_text())
        assert {name: after[name] for name in earlier} == earlier
        assert after["reader_password"] not in before.values()
        assert running.status_of("/api/v1/campaigns") == 200
        assert path.stat().st_mode & 0o777 == 0o600


class TestAStackOfWhichAProcessIsKilled:
    @pytest.mark.parametrize(
        ("victim", "exit_code"),
        [("deploy.stack", -signal.SIGKILL), ("bin/postgres", 1), ("granian", 1), ("nginx", 1)],
    )
    def test_ends_starts_again_and_has_lost_nothing(
        self, running: LocalStack, victim: str, exit_code: int
    ) -> None:
        running.execute("CREATE TABLE IF NOT EXISTS witness (victim text)")
        running.execute(f"INSERT INTO witness VALUES ('{victim}')")

        os.kill(running.process_named(victim), signal.SIGKILL)

        assert running.wait_for_the_end() == exit_code
        running.start()
        assert (victim,) in running.execute("SELECT victim FROM witness")

    def test_starts_although_another_process_has_the_number_of_the_server(
        self, running: LocalStack
    ) -> None:
        assert running.process is not None
        running.process.kill()
        running.wait_for_the_end()
        lock_file = running.home / "servers/cluster/postmaster.pid"
        with subprocess.Popen(["sleep", "60"]) as stranger:
            lock_file.write_text(f"{stranger.pid}\n")

            running.start()

            stranger.terminate()
        assert running.status_of("/admin/login/") == 200


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A folder that a database cluster does not fit in."""
    folder = Path(tempfile.mkdtemp(prefix="coalition-disk-"))
    command = ["mount", "--types=tmpfs", "--options=size=8m,mode=755", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode == 0:
        yield folder
        subprocess.run(["umount", folder], check=True)
    folder.rmdir()
    if mounted.returncode != 0:
        pytest.skip(f"needs a disk to fill, which root can mount: {mounted.stderr.strip()}")


class TestAStackThatCannotStart:
    @pytest.mark.parametrize("port", ["http", "0", "65536", "-1", "٨"])
    def test_says_what_a_port_is(self, tmp_path: Path, port: str) -> None:
        said = refusal(tmp_path, PORT=port)

        assert said == f"PORT must be a number from 1 to 65535, not {port!r}.\n"

    def test_says_what_a_host_is(self, tmp_path: Path) -> None:
        said = refusal(tmp_path, HOST="nowhere.invalid")

        assert said == "HOST must be an address or a name of this machine, not 'nowhere.invalid'.\n"

    def test_says_which_folder_it_cannot_use(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()

        said = refusal(tmp_path / "file" / "home", PORT=str(free_port()))

        assert said == (
            f"{tmp_path / 'file' / 'home'}: Not a directory. "
            "Mend that, or use another folder: COALITION_HOME=… make run\n"
        )

    def test_says_that_the_disk_is_full(self, small_disk: Path) -> None:
        said = refusal(small_disk, PORT=str(free_port()))

        assert said == (
            "Creating the database cluster failed: there is no space left on the disk. Make some, "
            "or use a folder on another: COALITION_HOME=… make run, TMPDIR=… make test\n"
        )


def manage(*arguments: str, home: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, ROOT / "manage.py", *arguments],
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )


class TestTheCommandLineWithoutAStack:
    @pytest.mark.parametrize("command", [("migrate",), ("shell", "-c", "User.objects.count()")])
    def test_says_how_to_get_a_database(self, tmp_path: Path, command: tuple[str, ...]) -> None:
        done = manage(*command, home=tmp_path)

        assert (done.returncode, done.stderr) == (
            1,
            "There is no database: start the stack with make run, or set DATABASE_URL.\n",
        )

    @pytest.mark.parametrize("command", [("check",), ("makemigrations", "--check", "--dry-run")])
    def test_does_what_needs_no_database(self, tmp_path: Path, command: tuple[str, ...]) -> None:
        done = manage(*command, home=tmp_path)

        assert done.returncode == 0, done.stderr
