"""Rows of the tables in docs/reliability.md."""

from collections import Counter


def row(*cells: object) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def header(*titles: str) -> str:
    return f"{row(*titles)}\n|{'---|' * len(titles)}"


def by_status(failed: Counter[int]) -> str:
    """How many failed with which status; 0 is a connection that broke off."""
    return ", ".join(f"{number} of {status}" for status, number in sorted(failed.items())) or "none"
