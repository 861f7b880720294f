"""A server of its own for the tests of the contract: granian, as in production, with the demo."""

import os
from collections.abc import Iterator

import hypothesis
import pytest

from tests.serving import serving

# The same values each time, on every machine, however slow.
hypothesis.settings.register_profile("contract", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("contract")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give the tests that schemathesis makes of one function a name each: workers know no other."""
    if operation := getattr(item, "operation_label", None):
        item._id = item.id.with_params(operation)


@pytest.fixture(scope="module")
def server(demo: None) -> Iterator[str]:
    """The base URL of a server of the demo coalition."""
    # Whoever asks all that the document allows sends more than a person would.
    limits = dict.fromkeys(("LIMIT_REQUESTS", "LIMIT_ADDRESS"), "1000000/60")
    with serving(os.environ | limits) as url:
        yield url
