"""One pair a request, thousands of different ones in turn, beside three peers."""

from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path

from bench_parts import servers
from bench_parts.bodies import Pairs
from bench_parts.context import Context
from bench_parts.figures import Figure, Goal, alternate
from bench_parts.load import Load, driven

CONNECTIONS = (1, 4, 64)
FASTER = {"floor": Goal(at_least=0.75), "original": Goal(at_least=10), "inplace": None}


def lookup(context: Context) -> Iterator[Figure]:
    """Requests a second beside each peer, and the 99th percentile beside the floor."""
    ids, numbers = Pairs(context.build).write(context.folder)
    with ExitStack() as stack:
        ports = _start(context, ids, stack)
        bodies = dict.fromkeys(ports, ids) | {"original": numbers}
        for connections in CONNECTIONS:
            found = alternate(
                context.rounds,
                {
                    name: driven(context, port, bodies[name], connections)
                    for name, port in ports.items()
                },
            )
            yield from _figures(connections, found)


def _start(context: Context, ids: Path, stack: ExitStack) -> dict[str, int]:
    """Ours and every peer, each warm; their ports."""
    artifacts = context.artifacts
    ports = {"ours": stack.enter_context(servers.ours(artifacts)).port}
    constant = answer_of(ports["ours"], ids)
    for name in FASTER:
        peer = servers.peer(name, artifacts, BENCH_ANSWER=constant)
        ports[name] = stack.enter_context(peer).port
    return ports


def answer_of(port: int, ids: Path) -> str:
    """Our answer to the first body: the size of the floor's."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    first = ids.read_text().splitlines()[0]
    connection.request("POST", "/", first, {"Content-Type": "application/json"})
    answer = connection.getresponse().read().decode()
    connection.close()
    return answer


def _figures(connections: int, found: dict[str, list[Load]]) -> Iterator[Figure]:
    name = f"{connections} connection{'s' if connections > 1 else ''}"
    ours = found["ours"]
    for peer, goal in FASTER.items():
        yield Figure(
            "lookup",
            name,
            "requests/s",
            [load.per_second for load in ours],
            peer,
            [load.per_second for load in found[peer]],
            goal,
        )
    yield Figure(
        "lookup",
        f"{name}, p99",
        "ms",
        [load.p99 for load in ours],
        "floor",
        [load.p99 for load in found["floor"]],
        Goal(at_most=2),
    )
