"""Statements as they were written."""

import re


def uncommented(sql: str) -> str:
    """Without the comment that names the operation."""
    return re.sub(r"^/\*.*?\*/ ", "", sql)
