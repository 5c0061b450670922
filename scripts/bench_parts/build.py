"""The feature store and the training rows once, beside the pandas way; the build."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow.dataset as ds

from bench_parts.context import SCRIPTS, BenchError, Context
from bench_parts.figures import Figure, Goal, alternate
from bench_parts.processes import Run, run
from feature_store.definitions import FEATURES

OURS = ("-m", "bench_parts.our_features")
PANDAS = ("-m", "bench_peers.pandas_features")
GROWN = ("-m", "bench_parts.grown_sales")
SAMPLE = 20_000  # pairs whose values are compared
TOLERANCE = 1e-5
TIMES = (1, 3, 10)


def build(context: Context) -> Iterator[Figure]:
    """Time and peak memory, beside pandas, which is given one round."""
    folder = context.folder
    ours, theirs = folder / "ours.parquet", folder / "pandas.parquet"
    peer = run(*PANDAS, context.data, theirs, folder=folder)
    rounds = alternate(
        context.rounds,
        {"ours": lambda: run(*OURS, context.data, ours, folder=folder)},
    )["ours"]
    _check_same(rounds[0], peer, ours, theirs)
    times, peaks = _parts(rounds)
    yield Figure(
        "build",
        "store and training rows",
        "s",
        times,
        "pandas",
        [peer.seconds],
        Goal(at_most=0.1),
    )
    yield Figure(
        "build", "peak memory", "GB", peaks, "pandas", [peer.peak], Goal(at_most=0.125)
    )


def _parts(runs: list[Run]) -> tuple[list[float], list[float]]:
    return [run.seconds for run in runs], [run.peak for run in runs]


def _check_same(mine: Run, other: Run, ours: Path, theirs: Path) -> None:
    """Raise BenchError where the two did not compute the same values."""
    made, expected = (json.loads(r.output.splitlines()[-1]) for r in (mine, other))
    if made["rows"] != expected["rows"]:
        raise BenchError(f"{made['rows']} training rows, pandas {expected['rows']}")
    for name, value in expected["sums"].items():
        _check_close(f"sum of {name}", made["sums"][name], value)
    mine_sample, other_sample = (ds.dataset(path) for path in (ours, theirs))
    rows = other_sample.count_rows()
    some = np.random.default_rng(1).integers(0, rows, min(SAMPLE, rows))
    one, two = (d.take(np.sort(some)) for d in (mine_sample, other_sample))
    for name in FEATURES:
        _check_close(name, one[name].to_numpy(), two[name].to_numpy())


def _check_close(name: str, found: object, expected: object) -> None:
    a, b = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    if not np.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE):
        raise BenchError(f"{name}: pandas has other values")


def build_growth(context: Context) -> Iterator[Figure]:
    """Ours again, on more daily rows and on more pairs, beside the data as they are."""
    out = context.folder / "ours.parquet"
    for what in ("daily rows", "pairs"):
        first: Run | None = None
        for times in TIMES:
            with _grown(context, what, times) as data:
                found = run(*OURS, data, out, folder=context.folder)
            first = first or found
            name = f"store and training rows, {times}x the {what}"
            for unit, mine, base in (
                ("s", found.seconds, first.seconds),
                ("GB", found.peak, first.peak),
            ):
                yield Figure("build-growth", name, unit, [mine], "1x", [base])


@contextmanager
def _grown(context: Context, what: str, times: int) -> Iterator[Path]:
    """A folder of sales with `times` the daily rows or pairs."""
    if times == 1:
        yield context.data
        return
    out = context.folder / "grown"
    out.mkdir()
    try:
        run(*GROWN, context.data, what, str(times), out, folder=context.folder)
        yield out
    finally:
        shutil.rmtree(out)


def train(context: Context) -> Iterator[Figure]:
    """The whole of `scripts/build`, training included; it is served afterwards."""
    out = context.folder / "builds"
    found = run(
        SCRIPTS / "build", "--data", context.data, "--out", out, folder=context.folder
    )
    yield Figure("train", "scripts/build, all of it", "s", [found.seconds])
    yield Figure(
        "train",
        "peak memory",
        "GB",
        [found.peak],
        goal=Goal(at_most=2.5, of_value=True),
    )
