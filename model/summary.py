"""A build in words: what a person reads when it has ended."""

from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.table import Table

from model.manifest import Manifest


def print_summary(manifest: Manifest, folder: Path, console: Console) -> None:
    """Print rows, forecast month, errors beside baselines, warnings, files, time."""
    console.print(Group(*_facts(manifest, folder), _scores(manifest)))
    for warning in manifest.warnings:
        console.print(f"warning: {warning}", markup=False, highlight=False)


def _facts(manifest: Manifest, folder: Path) -> list[RenderableType]:
    store, training = manifest.store, manifest.training
    facts = Table.grid(padding=(0, 2))
    size = sum(file.bytes for file in manifest.files.values())
    for name, value in {
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
        "time": f"{manifest.seconds:,.0f} s",
    }.items():
        facts.add_row(name, value)
    return [f"Built {manifest.version}", facts]


def _scores(manifest: Manifest) -> Table:
    holdout = manifest.training.holdout
    title = f"Error on {holdout.month}, held out ({holdout.rows:,} rows, full grid)"
    table = Table(title=title, title_justify="left")
    table.add_column("forecast by")
    for name in ("RMSE", "MAE", "bias"):
        table.add_column(name, justify="right")
    for scores in (holdout.model, *holdout.baselines):
        values = (scores.rmse, scores.mae, scores.bias)
        table.add_row(scores.name, *(f"{value:.4f}" for value in values))
    return table
