"""What stands for all that views show, to tell whether an answer is still good."""

from collections import defaultdict
from collections.abc import Mapping

from backend.database.replica import replica
from backend.public.base import PublicModel

# To read the few rows is faster than to look for some. The date is one more number.
NUMBERS = """
    SELECT name, number FROM coalition_revision
    UNION ALL SELECT 'today', coalition_today() - date 'epoch'
"""


def revision_of(*models: type[PublicModel]) -> str:
    """Changes with each commit that changes what one of the views shows; empty for no views.

    It changes with the date too, if one of them depends on that. Read before the views, it is
    never newer than the rows.
    """
    if not models:
        return ""
    numbers: defaultdict[bytes, int] = defaultdict(int)
    for name, number in replica.fetch_current(NUMBERS):
        numbers[name] ^= int(number)
    return ".".join(f"{_number_of(model, numbers):x}" for model in models)


def _number_of(model: type[PublicModel], numbers: Mapping[bytes, int]) -> int:
    number = numbers[model._meta.db_table.encode()]
    return number ^ numbers[b"today"] if model.depends_on_date else number
