"""Many pairs in one request, in each format, beside the same rows as numbers."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench_parts import servers
from bench_parts.bodies import Pairs
from bench_parts.context import Context
from bench_parts.figures import Figure, Goal, alternate
from bench_parts.load import driven, post

SMALL = 1000
SAMPLE = 5000  # rows as numbers that the original is given of a large batch
BESIDE = 4  # connections of single lookups beside a running batch
JSON = "application/json"


@dataclass(frozen=True)
class Format:
    """A body's media type, how pairs become one, and the goal for all pairs."""

    media_type: str
    body: Callable[[Pairs, int], bytes]
    seconds: float


FORMATS = {
    "JSON": Format(JSON, Pairs.batch, 1.0),
    "CSV": Format("text/csv", Pairs.csv, 0.7),
    "Arrow": Format("application/vnd.apache.arrow.stream", Pairs.arrow, 0.5),
}


def batch(context: Context) -> Iterator[Figure]:
    """A thousand pairs, all listed pairs, and single lookups beside the latter."""
    pairs = Pairs(context.build)
    with (
        servers.ours(context.artifacts) as ours,
        servers.peer("original", context.artifacts) as original,
    ):
        for name, kind in FORMATS.items():
            for count in sorted({min(SMALL, len(pairs)), len(pairs)}):
                body = kind.body(pairs, count)
                yield _sized(
                    context, name, count, pairs, (ours.port, original.port), body
                )
        yield _beside(context, pairs, ours.port)


def _sized(
    context: Context,
    name: str,
    count: int,
    pairs: Pairs,
    ports: tuple[int, int],
    body: bytes,
) -> Figure:
    """Milliseconds of a batch; the original's, scaled up from the sample it takes."""
    kind, taken = FORMATS[name], min(count, SAMPLE)
    numbers = pairs.numbers(taken)
    found = alternate(
        context.rounds,
        {
            "ours": lambda: post(ports[0], body, kind.media_type),
            "original": lambda: post(ports[1], numbers, JSON) * count / taken,
        },
    )
    scaled = f" (of {taken:,}, scaled)" if taken < count else ""
    return Figure(
        "batch",
        f"{count:,} pairs, {name}",
        "ms",
        [seconds * 1e3 for seconds in found["ours"]],
        f"original{scaled}",
        [seconds * 1e3 for seconds in found["original"]],
        None if scaled == "" else Goal(at_most=kind.seconds * 1e3, of_value=True),
    )


def _beside(context: Context, pairs: Pairs, port: int) -> Figure:
    """The 99th percentile of single lookups while all pairs are asked for."""
    bodies, _ = pairs.write(context.folder)
    body = pairs.batch(len(pairs))

    single = driven(context, port, bodies, BESIDE)

    def beside() -> float:
        with _posting(port, body):
            return single().p99

    found = alternate(context.rounds, {"beside": beside, "alone": lambda: single().p99})
    return Figure(
        "batch",
        f"single lookups beside {len(pairs):,} pairs, p99",
        "ms",
        found["beside"],
        "alone",
        found["alone"],
        Goal(at_most=50, of_value=True),
    )


@contextmanager
def _posting(port: int, body: bytes) -> Iterator[None]:
    """Batches one after another, for as long as the block runs."""
    ended = threading.Event()

    def go_on() -> None:
        while not ended.is_set():
            post(port, body, JSON)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
