"""Search: training parameters drawn at random, compared on the choosing months."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import msgspec
from msgspec.structs import replace
from rich.console import Console
from rich.table import Table

from feature_store.aggregate import MonthlyTables
from feature_store.months import Calendar
from feature_store.offline import TrainingRows
from feature_store.progress import Steps
from model.parameters import Parameters, Value
from model.training import Binned, choose_rounds

# A trial's booster is the first one's, with one value of each line.
RANGES: dict[str, Sequence[Value]] = {
    "max_depth": (6, 7, 8, 9, 10),
    "eta": (0.05, 0.07, 0.1, 0.15, 0.2),
    "min_child_weight": (10, 30, 100, 300, 1000),
    "max_delta_step": (0.3, 0.7, 1.5),
    "subsample": (0.4, 0.6, 0.8, 1.0),
    "colsample_bytree": (0.4, 0.6, 0.8, 1.0),
    "reg_lambda": (1, 10, 100),
}


@dataclass(frozen=True)
class Trial:
    """One set of parameters, and what it came to on the choosing months."""

    number: int
    parameters: Parameters
    rounds: int
    errors: dict[int, float]  # RMSE by month
    seconds: float

    @property
    def mean(self) -> float:
        """The mean of the months' errors."""
        return sum(self.errors.values()) / len(self.errors)


def drawn(first: Parameters, trials: int, seed: int) -> list[Parameters]:
    """`first`, then sets with values of RANGES in its booster: the same for a seed."""
    random = Random(seed)
    values = (
        {name: random.choice(choices) for name, choices in RANGES.items()}
        for _ in range(trials - 1)
    )
    return [first, *(replace(first, booster=first.booster | v) for v in values)]


def search(
    tables: MonthlyTables, sets: Sequence[Parameters], at_most: int, steps: Steps
) -> Iterator[Trial]:
    """Each set tried on at most `at_most` rows; the last month is held out of all.

    Raises InputError where there are too few months.
    """
    months = TrainingRows(tables).months()
    for number, parameters in enumerate(sets, 1):
        started = time.monotonic()
        binned = Binned(tables, replace(parameters, at_most=at_most))
        name = f"Trial {number} of {len(sets)}"
        chosen = choose_rounds(binned, months, steps, name)
        months_tried = (past.month for past in chosen.trained)
        errors = dict(zip(months_tried, chosen.error, strict=True))
        seconds = time.monotonic() - started
        yield Trial(number, parameters, chosen.rounds, errors, seconds)


def ranked(trials: Sequence[Trial]) -> list[Trial]:
    """The trials, the least mean error first; of equals, the earlier."""
    return sorted(trials, key=lambda trial: trial.mean)


def write(parameters: Parameters, path: Path) -> None:
    """Write a file that `parameters.read` reads."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(parameters)) + b"\n")


def print_trials(trials: Sequence[Trial], calendar: Calendar, console: Console) -> None:
    """Print the trials, best first, with what each has unlike the first tried."""
    table = Table()
    for month in ("mean", *map(calendar.name, trials[0].errors)):
        table.add_column(month, justify="right")
    for name in ("trees", "seconds", "trial"):
        table.add_column(name, justify="right")
    table.add_column("booster", overflow="fold")
    first = trials[0].parameters.booster
    for trial in ranked(trials):
        errors = (f"{error:.4f}" for error in (trial.mean, *trial.errors.values()))
        unlike = trial.parameters.booster.items() - first.items()
        table.add_row(
            *errors,
            str(trial.rounds),
            f"{trial.seconds:.0f}",
            str(trial.number),
            ", ".join(f"{k} {v}" for k, v in sorted(unlike)) or "the defaults",
        )
    console.print(table)
