"""One figure: what was measured here and beside a peer, a value a round."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Goal:
    """A bound on the ratio to the peer, or on the value where `of_value`."""

    at_least: float | None = None
    at_most: float | None = None
    of_value: bool = False

    def is_met(self, figure: "Figure") -> bool:
        """Whether the median of the rounds keeps within the bound."""
        found = median(figure.ours if self.of_value else figure.ratios)
        if self.at_least is not None and found < self.at_least:
            return False
        return self.at_most is None or found <= self.at_most

    def __str__(self) -> str:
        sign, limit = ("≥", self.at_least) if self.at_least else ("≤", self.at_most)
        return f"{sign} {limit:,g}"


@dataclass(frozen=True)
class Figure:
    """One line of the table: a value a round, in `unit`, and the peer's."""

    bench: str
    name: str
    unit: str
    ours: Sequence[float]
    peer: str = ""
    theirs: Sequence[float] = ()
    goal: Goal | None = None

    @property
    def ratios(self) -> list[float]:
        """Ours to the peer's, a round; to its one value where it ran once."""
        theirs = self.theirs or [1.0]
        if len(theirs) < len(self.ours):
            theirs = [median(theirs)] * len(self.ours)
        return [mine / other for mine, other in zip(self.ours, theirs, strict=True)]

    def as_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        found = asdict(self)
        if self.peer:
            found |= {"ratios": self.ratios, "ratio": median(self.ratios)}
        if self.goal:
            found["goal"] |= {"met": self.goal.is_met(self)}
        return found

    def cells(self) -> tuple[str, ...]:
        """What the table shows: bench, figure, ours, peer, ratio, goal."""
        name = f"{self.name}, {self.unit}" if self.unit else self.name
        goal = ""
        if self.goal:
            goal = f"{self.goal} {'✓' if self.goal.is_met(self) else '✗'}"
        if not self.peer:
            return self.bench, name, shown(self.ours), "", "", goal
        peer = f"{self.peer}: {number(median(self.theirs))}"
        return (
            self.bench,
            name,
            number(median(self.ours)),
            peer,
            shown(self.ratios),
            goal,
        )


COLUMNS = ("bench", "figure", "here", "peer", "ratio", "goal")


def shown(values: Sequence[float]) -> str:
    """The median, and the spread where there were several rounds."""
    middle = number(median(values))
    if len(values) < 2:
        return middle
    return f"{middle} ({number(min(values))} to {number(max(values))})"


def number(value: float) -> str:
    """Three digits, thousands with commas."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def alternate(
    rounds: int, subjects: Mapping[str, Callable[[], T]]
) -> dict[str, list[T]]:
    """What each subject measures, once a round, every other round in reverse."""
    found: dict[str, list[T]] = {name: [] for name in subjects}
    for turn in range(rounds):
        for name in list(subjects)[:: -1 if turn % 2 else 1]:
            found[name].append(subjects[name]())
    return found
