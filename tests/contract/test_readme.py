"""The README's requests, made as they stand there, get the answers that stand there."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

README = (Path(settings.BASE_DIR) / "README.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8000"

BLOCKS = re.findall(r"^```console\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
PROMPTS = [part for block in BLOCKS for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
VARIABLES = "".join(prompt for prompt in PROMPTS if not prompt.startswith("curl"))
# A command, and the answer if one is shown: it begins with a brace where a line begins.
REQUESTS = [
    re.split(r"\n(?={|$)", prompt, maxsplit=1) for prompt in PROMPTS if prompt.startswith("curl")
]


def run(command: str, folder: Path) -> tuple[str, str]:
    """What curl prints, and the status of the answer."""
    # Apart from that it would print its progress there.
    (folder / ".curlrc").write_text('silent\nwrite-out = "%{stderr}%{http_code}"\n', "utf-8")
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=os.environ | {"CURL_HOME": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout, done.stderr


def pattern_of(shown: str) -> str:
    """What matches an answer that is shown in several lines, with … for what is left out."""
    return ".*".join(map(re.escape, without_spaces(shown).split("…")))


def without_spaces(text: str) -> str:
    return "".join(text.split())


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
class TestRequest:
    def test_is_found(self) -> None:
        assert len(REQUESTS) >= 8

    @pytest.mark.parametrize(("command", "shown"), REQUESTS)
    def test_is_answered_as_shown(
        self, server: str, tmp_path: Path, command: str, shown: str
    ) -> None:
        printed, status = run((VARIABLES + command).replace(ADDRESS, server), tmp_path)

        expected = re.search(r'"status":(\d+)', shown)
        assert status == (expected[1] if expected else "200")
        assert re.fullmatch(pattern_of(shown or "…"), without_spaces(printed)), printed
