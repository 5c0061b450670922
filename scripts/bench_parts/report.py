"""The figures as a table: on the terminal, as JSON, and in the README."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench_parts.context import BenchError
from bench_parts.figures import COLUMNS, Figure
from bench_parts.machine import sentence

BEGIN, END = "<!-- bench -->", "<!-- /bench -->"
EXPLAINED = (
    "The median of the rounds, with the least and the most of them in brackets;"
    " a ratio is ours to the peer's in the same round."
)


def print_table(figures: Sequence[Figure], facts: dict[str, object]) -> None:
    """Print the table, with the machine below it."""
    table = Table()
    for column in COLUMNS:
        table.add_column(column)
    for figure in figures:
        table.add_row(*figure.cells())
    # In a pipe a table would be folded to 80 columns.
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(table)
    console.print(sentence(facts), soft_wrap=True)


def write_json(path: Path, figures: Sequence[Figure], facts: dict[str, object]) -> None:
    """Write machine and figures, every round's value included."""
    body = {"machine": facts, "figures": [figure.as_dict() for figure in figures]}
    path.write_text(json.dumps(body, indent=1, ensure_ascii=False) + "\n")


def update_readme(
    path: Path, figures: Sequence[Figure], facts: dict[str, object], command: str
) -> None:
    """Put the table between the two markers, and the command that made it.

    Raises BenchError where the markers lack.
    """
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise BenchError(f"{path}: no {BEGIN} and {END} to put the table between")
    lines = [_row(COLUMNS), _row(["---"] * len(COLUMNS))]
    lines += [_row(figure.cells()) for figure in figures]
    table = "\n".join(lines)
    told = f"By `{command}`: {sentence(facts)} {EXPLAINED}"
    path.write_text(
        f"{before}{begin}\n{told}\n\n{table}\n{end}{after}", encoding="utf-8"
    )


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
