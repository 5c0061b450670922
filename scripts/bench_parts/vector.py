"""Vectors in this process, one and many, beside an indexed data frame."""

import time
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd  # type: ignore[import-untyped]

from bench_parts.bodies import MANY, Pairs
from bench_parts.context import Context
from bench_parts.figures import Figure, Goal, alternate
from feature_store.definitions import FEATURES, KEYS

ONE, ALL = 5e-6, 60e-3  # seconds: the goals


def vector(context: Context) -> Iterator[Figure]:
    """One vector, and those of all listed pairs."""
    pairs = Pairs(context.build)
    frame = indexed(context)
    yield _one(context, pairs, frame)
    yield _all(context, pairs, frame)


def indexed(context: Context) -> pd.DataFrame:
    """`features.parquet` as a data frame by pair."""
    frame = pd.read_parquet(context.build / "features.parquet", columns=list(FEATURES))
    return frame.set_index(list(KEYS[:2]), drop=False).astype(np.float32)


def _one(context: Context, pairs: Pairs, frame: pd.DataFrame) -> Figure:
    store, some = pairs.store, pairs.ids(min(MANY, len(pairs)))

    def ours() -> None:
        for pair in some:
            store.vector(store.position(*pair))

    def theirs() -> None:
        for pair in fewer:
            frame.loc[pair].to_numpy()

    fewer = some[:500]
    found = alternate(
        context.rounds,
        {
            "ours": lambda: spent(ours) / len(some),
            "pandas": lambda: spent(theirs) / len(fewer),
        },
    )
    micro = {name: [t * 1e6 for t in times] for name, times in found.items()}
    goal = Goal(at_most=ONE * 1e6, of_value=True)
    name = "one pair's vector"
    return Figure("vector", name, "µs", micro["ours"], "pandas", micro["pandas"], goal)


def _all(context: Context, pairs: Pairs, frame: pd.DataFrame) -> Figure:
    store, ids = pairs.store, pairs.ids(len(pairs))
    shops, items = np.array(ids, np.int64).T
    index = pd.MultiIndex.from_arrays([shops, items], names=list(KEYS[:2]))
    found = alternate(
        context.rounds,
        {
            "ours": lambda: spent(
                lambda: store.vectors(store.positions(shops, items)[0])
            ),
            "pandas": lambda: spent(lambda: np.asarray(frame.loc[index])),
        },
    )
    milli = {name: [t * 1e3 for t in times] for name, times in found.items()}
    goal = Goal(at_most=ALL * 1e3, of_value=True)
    name = f"{len(ids):,} pairs' vectors"
    return Figure("vector", name, "ms", milli["ours"], "pandas", milli["pandas"], goal)


def spent(work: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
