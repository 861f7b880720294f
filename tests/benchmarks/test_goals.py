import pytest

from benchmarks.goals import AtLeast, ByTurns, Results, Series
from benchmarks.load import Sample

OURS, THEIRS = Series("reads", "API"), Series("reads", "limit")


def results(ours: list[float], theirs: list[float]) -> Results:
    return {
        series: [Sample(rate, 1.0) for rate in rates]
        for series, rates in ((OURS, ours), (THEIRS, theirs))
    }


class TestRatio:
    def test_compares_medians(self) -> None:
        ratio = AtLeast(OURS, THEIRS, 1).ratio(results([10, 20, 90], [10, 40, 50]))

        assert ratio == 0.5

    def test_by_turns_is_the_median_of_the_turns(self) -> None:
        ratio = ByTurns(OURS, THEIRS, 1).ratio(results([10, 20, 90], [10, 40, 50]))

        assert ratio == 1

    @pytest.mark.parametrize("goal", [AtLeast(OURS, THEIRS, 1), ByTurns(OURS, THEIRS, 1)])
    def test_is_none_where_one_was_not_measured(self, goal: AtLeast) -> None:
        assert goal.ratio({OURS: [Sample(10, 1.0)]}) is None
