"""The same lookups on a store that is several times as large, made up from ours."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bench_parts import servers
from bench_parts.bodies import Pairs
from bench_parts.context import Context
from bench_parts.figures import Figure, Goal, alternate
from bench_parts.load import Load, driven
from model import manifest as manifests

TIMES = (3, 10)
CONNECTIONS = 4


def growth(context: Context) -> Iterator[Figure]:
    """The same lookups on a store of several times the pairs, beside the store."""
    bodies, _ = Pairs(context.build).write(context.folder)
    for times in TIMES:
        artifacts = context.folder / f"{times}x"
        copy_build(context.build, artifacts, times)
        with (
            servers.ours(context.artifacts) as small,
            servers.ours(artifacts) as large,
        ):
            servers.wait_until_loaded(small)
            servers.wait_until_loaded(large)
            ports = {"small": small.port, "large": large.port}
            found = alternate(
                context.rounds,
                {
                    name: driven(context, port, bodies, CONNECTIONS)
                    for name, port in ports.items()
                },
            )
            yield _speed(times, found["large"], found["small"])
            yield _memory(times, large, small)
        shutil.rmtree(artifacts)


def _speed(times: int, large: list[Load], small: list[Load]) -> Figure:
    return Figure(
        "growth",
        f"lookups, {times}x the pairs, {CONNECTIONS} connections",
        "requests/s",
        [load.per_second for load in large],
        "1x",
        [load.per_second for load in small],
        Goal(at_least=0.9),
    )


def _memory(times: int, large: servers.Server, small: servers.Server) -> Figure:
    private = [
        max(servers.memory(pid)["private"] for pid in servers.workers_of(server.pid))
        for server in (large, small)
    ]
    return Figure(
        "growth",
        f"private memory of a worker, {times}x the pairs",
        "MB",
        private[:1],
        "1x",
        private[1:],
    )


def copy_build(build: Path, artifacts: Path, times: int) -> None:
    """A build with each item `times` times: other ids, lag values of their own."""
    folder = artifacts / build.name
    shutil.copytree(build, folder)
    (artifacts / "current").symlink_to(build.name)
    step = int(np.load(build / "vectors" / "items.npy").max()) + 1
    for path in (folder / "vectors").glob("*.npy"):
        np.save(path, _repeated(path.stem, np.load(path), times, step))
    path = folder / "catalogue" / "items.parquet"
    items = pq.read_table(path)
    at = items.schema.get_field_index("item_id")
    ids = [pa.array(items["item_id"].to_numpy() + i * step) for i in range(times)]
    copies = [items.set_column(at, items.schema.field(at), i) for i in ids]
    pq.write_table(pa.concat_tables(copies), path)
    found = manifests.read(folder)
    files = manifests.describe_all(folder)
    msgspec.structs.replace(found, files=files).named().write(folder)


def _repeated(name: str, array: NDArray[Any], times: int, step: int) -> NDArray[Any]:
    """An array of a store's folder for `times` as many items."""
    if name == "shops":
        return array
    if name == "items":
        copies = [array + i * step for i in range(times)]
        return np.concatenate(copies).astype(array.dtype)
    if name == "lags":  # the first row is for the pairs that rest on nothing
        return np.concatenate([array[:1], *[array[1:]] * times])
    if name == "rows":
        known = int(array.max())
        copies = [np.where(array > 0, array + i * known, array) for i in range(times)]
        return np.concatenate(copies, axis=1).astype(array.dtype)
    return np.concatenate([array] * times, axis=-1)
