"""A build in words: what a person reads when it has ended."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from model.artifacts import REPORT_PAGE
from model.manifest import Holdout, Manifest


def print_summary(manifest: Manifest, folder: Path, console: Console) -> None:
    """Print rows, forecast month, errors beside baselines, warnings, files, time."""
    # A line is one line, however long: others read this through a pipe.
    say = partial(console.print, markup=False, highlight=False, soft_wrap=True)
    say(f"Built {manifest.version}")
    for name, value in _facts(manifest, folder).items():
        say(f"{name:14}  {value}")
    holdout = manifest.training.holdout
    say(
        f"Error on {holdout.month}, held out ({holdout.rows:,} rows, {holdout.row_set})"
    )
    console.print(_scores(holdout))
    for line in _more(holdout):
        say(line)
    for warning in manifest.warnings:
        say(f"warning: {warning}")


def _facts(manifest: Manifest, folder: Path) -> dict[str, str]:
    store, training = manifest.store, manifest.training
    size = sum(file.bytes for file in manifest.files.values())
    return {
        "forecast month": f"{manifest.month} (date_block_num"
        f" {manifest.date_block_num})",
        "data": f"{store.daily_rows:,} daily rows, {store.first_month} to"
        f" {store.last_month}" + (" (the demo retailer)" if manifest.demo else ""),
        "feature store": f"{store.pairs:,} pairs, of them {store.listed:,} listed"
        f" ({store.listed_from})",
        "basis": ", ".join(f"{n:,} {basis}" for basis, n in store.basis.items()),
        "model": f"{training.rounds} trees on {training.rows:,} rows from"
        f" {training.first_month}",
        "files": f"{folder} ({len(manifest.files)} files, {size / 1e6:,.0f} MB)",
        "report": str(folder / REPORT_PAGE),
        "time": f"{manifest.seconds:,.0f} s",
    }


def _scores(holdout: Holdout) -> Table:
    table = Table()
    table.add_column("forecast by")
    for name in ("RMSE", "MAE", "bias"):
        table.add_column(name, justify="right")
    for scores in (holdout.model, *holdout.baselines):
        values = (scores.rmse, scores.mae, scores.bias)
        table.add_row(scores.name, *(f"{value:.4f}" for value in values))
    return table


def _more(holdout: Holdout) -> Iterator[str]:
    """The error on the pairs that are listed, and how often intervals held."""
    if listed := holdout.listed:
        yield (
            f"On the {listed.rows:,} pairs that are listed: RMSE {listed.rmse:.4f},"
            f" MAE {listed.mae:.4f}, bias {listed.bias:.4f}"
        )
    shares = (f"{c.covered:.1%} of rows ({c.name})" for c in holdout.intervals)
    yield f"Between the interval's bounds: {', '.join(shares)}"
