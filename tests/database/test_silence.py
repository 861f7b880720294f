"""Who waits how long; tests/faults/test_silence.py has a database that is silent."""

from types import SimpleNamespace

from backend.database.silence import PATIENCE_SECONDS, SHORT_SECONDS, Silence


def patience(silence: Silence, alias: str) -> float:
    """How long somebody waits who is answered."""
    waits: list[float] = []

    def ask() -> None:
        waits.extend(each.until - each.began_at for each in silence._waits.values())

    connection = SimpleNamespace(closed=False)
    silence.answered(alias, connection, ask, is_statement=True)
    return round(waits[0], 3)


class TestSilence:
    def test_of_one_server_is_not_that_of_the_other(self) -> None:
        silence = Silence()
        silence._is_watched = True
        silence._silent = {"replica"}

        assert patience(silence, "public") == PATIENCE_SECONDS["public"]
        assert patience(silence, "replica") == SHORT_SECONDS
        assert patience(silence, "replica") == PATIENCE_SECONDS["replica"]
