"""Says what a long run is doing: bars on a terminal; in a pipe nothing, or lines."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

T = TypeVar("T")


@dataclass(frozen=True)
class Steps:
    """The steps of a long run, each shown from its start to its end."""

    bars: Progress
    lines: bool  # a line on standard error as each step begins

    @contextmanager
    def step(self, name: str, total: int | None = None) -> Iterator["Step"]:
        """Show `name` while the block runs; `total` turns the spinner to a bar."""
        if self.lines:
            print(f"{name} ...", file=sys.stderr, flush=True)
        task = self.bars.add_task(name, total=total)
        yield Step(self.bars, task)
        done = self.bars.tasks[task].total or 1
        self.bars.update(task, total=done, completed=done)

    def track(self, name: str, things: Iterable[T], total: int) -> Iterator[T]:
        """The things, one at a time, with a bar of `total`."""
        with self.step(name, total) as step:
            for thing in things:
                yield thing
                step.advance()


@dataclass(frozen=True)
class Step:
    """One step on its way."""

    bars: Progress
    task: TaskID

    def advance(self, by: int = 1) -> None:
        """Move the bar."""
        self.bars.advance(self.task, by)


@contextmanager
def steps(verbose: bool = False) -> Iterator[Steps]:
    """Steps shown on standard error: bars where a person watches, else nothing.

    With `verbose`, a line a step instead, wherever standard error goes.
    """
    console = Console(stderr=True)
    with Progress(
        SpinnerColumn(finished_text="✓"),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=verbose or not sys.stderr.isatty(),
    ) as bars:
        yield Steps(bars, verbose)
