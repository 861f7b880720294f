"""What stands for all that views show, to tell whether an answer is still good."""

from collections import defaultdict

from backend.database.libpq import fetch
from backend.public.base import PublicModel


def revision_of(*models: type[PublicModel]) -> str:
    """Changes with each commit that changes what one of the views shows; empty for no views.

    Read before the views, it is never newer than the rows.
    """
    if not models:
        return ""
    numbers: defaultdict[bytes, int] = defaultdict(int)
    # To read the few rows is faster than to look for some.
    for name, number in fetch("SELECT name, number FROM coalition_revision"):
        numbers[name] ^= int(number)
    return ".".join(f"{numbers[model._meta.db_table.encode()]:x}" for model in models)
