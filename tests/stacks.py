"""Gives each of pytest's workers a stack of its own, before Django reads its settings."""

import json
import os

if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    stacks = json.loads(os.environ.pop("TEST_STACKS"))
    os.environ.update(stacks[int(worker.removeprefix("gw"))])
