"""From command to ready, and what a worker's memory is."""

from collections.abc import Iterator

from bench_parts import servers
from bench_parts.bodies import Pairs
from bench_parts.context import Context
from bench_parts.figures import Figure, Goal, alternate
from bench_parts.load import drive

WORKERS = (1, 2, 4)
WARM = 64  # connections: every worker answers some


def start(context: Context) -> Iterator[Figure]:
    """Seconds to ready beside the original, then memory by number of workers."""
    bodies, _ = Pairs(context.build).write(context.folder)
    artifacts = context.artifacts
    for workers in WORKERS:
        name = f"{workers} worker{'s' if workers > 1 else ''}"
        memory: list[dict[str, float]] = []

        def ours(
            count: int = workers, memory: list[dict[str, float]] = memory
        ) -> float:
            with servers.ours(artifacts, "--workers", str(count)) as server:
                servers.wait_until_loaded(server)
                drive(context.driver, server.port, bodies, WARM, context.seconds)
                pids = servers.workers_of(server.pid)
                memory += [servers.memory(pid) for pid in pids]
                return server.seconds

        def original() -> float:
            with servers.peer("original", artifacts) as server:
                return server.seconds

        found = alternate(context.rounds, {"ours": ours, "original": original})
        yield Figure(
            "start",
            f"{name}, command to ready",
            "s",
            found["ours"],
            "original",
            found["original"],
            Goal(at_most=3, of_value=True),
        )
        yield from _memory(name, memory, workers > 1)


def _memory(
    name: str, memory: list[dict[str, float]], shares: bool
) -> Iterator[Figure]:
    """Of each worker in each round, after requests. One alone shares with nobody."""
    goals = {"private": Goal(at_most=120, of_value=True) if shares else None}
    for kind in ("private", "shared"):
        yield Figure(
            "start",
            f"{name}, {kind} memory of each",
            "MB",
            [found[kind] for found in memory],
            goal=goals.get(kind),
        )
