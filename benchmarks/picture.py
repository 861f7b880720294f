"""The ratios of a run as a picture."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.report import Verdict

MET, NOT_MET = "#2a7f62", "#c8553d"


def draw(verdicts: Sequence[Verdict], target: Path) -> None:
    """Bars of how far each ratio is towards its goal, of which 1 is the mark."""
    measured = [verdict for verdict in verdicts if verdict.ratio is not None]
    labels = [f"{verdict.what} / {verdict.compared_with}".rstrip(" /") for verdict in measured]
    reached = [towards_goal(verdict) for verdict in measured]
    figure = Figure(figsize=(11, 1 + 0.34 * len(measured)), layout="constrained")
    axes = figure.subplots()
    axes.barh(labels, reached, color=[MET if verdict.is_met else NOT_MET for verdict in measured])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.axvline(1, color="black", linewidth=1)
    for row, (verdict, length) in enumerate(zip(measured, reached, strict=True)):
        axes.text(length, row, f" {verdict.ratio:.3g}  ({verdict.goal})", va="center", fontsize=8)
    # Room for the texts beyond the bars.
    axes.set_xlim(min([0.2, *reached]) / 2, max([5, *reached]) * 12)
    axes.set_title("Ratio to the goal (1: met; further right is better)")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(target, dpi=110)


def towards_goal(verdict: Verdict) -> float:
    """Above 1 where the goal is more than met."""
    ratio = verdict.ratio or float("nan")
    return verdict.bound / ratio if verdict.goal.startswith("≤") else ratio / verdict.bound
