"""One row with its reasons, beside the same row without."""

from collections.abc import Iterator
from statistics import median

from bench_parts import servers
from bench_parts.bodies import Pairs
from bench_parts.context import Context
from bench_parts.figures import Figure, Goal, alternate
from bench_parts.load import post

ROWS = 50  # different pairs, one after another, a round


def explain(context: Context) -> Iterator[Figure]:
    """Milliseconds of `POST /?explain=true`: the median pair of each round."""
    bodies, _ = Pairs(context.build).write(context.folder)
    lines = bodies.read_bytes().splitlines()[:ROWS]
    with servers.ours(context.artifacts) as server:

        def asked(path: str) -> float:
            spent = [post(server.port, x, "application/json", path) for x in lines]
            return median(spent) * 1e3

        found = alternate(
            context.rounds,
            {"explain": lambda: asked("/?explain=true"), "plain": lambda: asked("/")},
        )
    yield Figure(
        "explain",
        "one pair with its reasons",
        "ms",
        found["explain"],
        "without",
        found["plain"],
        Goal(at_most=10, of_value=True),
    )
