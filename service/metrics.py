"""What is counted of the requests, by all workers, and its text for Prometheus.

A plain add to shared memory takes a tenth of a microsecond; prometheus-client's files
take two, five times a request, and a folder that can be written.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from service.board import CELLS, Board, is_alive
from service.note import BASES

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OTHER = "other"  # any route, method or status that is not counted by itself
METHODS = ("GET", "HEAD", "POST", "OPTIONS", OTHER)
STATUSES = (
    *("200", "204", "304", "308", "400", "401", "404", "405", "406", "412", "413"),
    *("415", "416", "500", "503", OTHER),
)
# Seconds, from a lookup's to a large batch's.
BUCKETS = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
_NANO = 1e9

# Where things stand in a row of the board; requests and times follow, by route.
IN_FLIGHT, REFUSED, ROWS = 1, 2, 3
_FIRST_ROUTE = ROWS + len(BASES)
_STATUSES_END = len(METHODS) * len(STATUSES)
_TIMES_END = _STATUSES_END + len(BUCKETS) + 1
_ROUTE_CELLS = _TIMES_END + 1  # the last: the sum of the times, in nanoseconds

Sample = tuple[Mapping[str, str], float]  # labels, the suffix of the name at "", value


@dataclass(frozen=True)
class Family:
    """A metric: its name without prefix, type, meaning and samples."""

    name: str
    kind: str
    meaning: str
    samples: Sequence[Sample]

    @classmethod
    def gauge(cls, name: str, meaning: str, value: float, **labels: str) -> "Family":
        """One value as it is now."""
        return cls(name, "gauge", meaning, [(labels, value)])

    def lines(self) -> Iterator[str]:
        """As Prometheus reads it."""
        name = f"salespredictor_{self.name}"
        yield f"# HELP {name} {self.meaning}\n# TYPE {name} {self.kind}\n"
        for labels, value in self.samples:
            shown = ",".join(f'{k}="{_escaped(v)}"' for k, v in labels.items() if k)
            in_braces = f"{{{shown}}}" if shown else ""
            yield f"{name}{labels.get('', '')}{in_braces} {value!r}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


class Metrics:
    """This process's part of the counts, and the sum of all."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._row = board.claim()
        self._row[IN_FLIGHT] = 0  # what a dead worker left
        self._lock = Lock()
        self._starts: dict[str, int] = {}
        self._kinds = {
            (method, status): i * len(STATUSES) + j
            for i, method in enumerate(METHODS)
            for j, status in enumerate(STATUSES)
        }

    def add_routes(self, routes: Iterable[str]) -> None:
        """Count requests by these routes, the same in every worker, and OTHER."""
        names = (*sorted(set(routes)), OTHER)
        if _FIRST_ROUTE + len(names) * _ROUTE_CELLS > CELLS:
            raise ValueError(f"{len(names)} routes are more than a row holds")
        starts = range(_FIRST_ROUTE, CELLS, _ROUTE_CELLS)
        self._starts = dict(zip(names, starts, strict=False))

    def in_flight(self) -> int:
        """The requests that this process is answering."""
        return self._row[IN_FLIGHT]

    def enter(self, most: int) -> bool:
        """Count a request as in flight here, unless there are `most` already."""
        with self._lock:
            if self._row[IN_FLIGHT] >= most:
                return False
            self._row[IN_FLIGHT] += 1
            return True

    def leave(self) -> None:
        """Count one request less as in flight."""
        with self._lock:
            self._row[IN_FLIGHT] -= 1

    def refused(self) -> None:
        """Count a build that was refused."""
        with self._lock:
            self._row[REFUSED] += 1

    def request(
        self, route: str, method: str, status: str, seconds: float, rows: Sequence[int]
    ) -> None:
        """Count a request that was answered, and its predictions by BASES."""
        start = self._starts.get(route) or self._starts[OTHER]
        kind = self._kinds.get((method, status))
        if kind is None:
            kind = self._kind(method, status)
        bucket = start + _STATUSES_END + bisect_left(BUCKETS, seconds)
        row = self._row
        with self._lock:
            row[start + kind] += 1
            row[bucket] += 1
            row[start + _TIMES_END] += int(seconds * _NANO)
            for i, count in enumerate(rows, ROWS):
                row[i] += count

    def _kind(self, method: str, status: str) -> int:
        return self._kinds[
            method if method in METHODS else OTHER,
            status if status in STATUSES else OTHER,
        ]

    def text(self, facts: Iterable[Family] = ()) -> str:
        """All counts, then `facts`, in Prometheus' text format."""
        rows = self._board.used()
        sums = np.sum([np.asarray(row) for row in rows], axis=0)
        alive = [row for row in rows if is_alive(row[0])]
        in_flight = sum(row[IN_FLIGHT] for row in alive)
        families = [
            *self._requests(sums),
            Family(
                "rows_total",
                "counter",
                "Predictions, by what they rest on.",
                [({"basis": b}, int(sums[ROWS + i])) for i, b in enumerate(BASES)],
            ),
            Family(
                "builds_refused_total",
                "counter",
                "Builds that did not verify, counted by each worker.",
                [({}, int(sums[REFUSED]))],
            ),
            Family.gauge("in_flight", "Requests being answered.", in_flight),
            Family.gauge("workers", "Processes that answer.", len(alive)),
            *facts,
        ]
        return "".join(line for family in families for line in family.lines())

    def _requests(self, sums: NDArray[np.int64]) -> Iterator[Family]:
        """Requests by route, method and status, and their times by route."""
        counts: list[Sample] = []
        times: list[Sample] = []
        for route, start in self._starts.items():
            cells = sums[start : start + _ROUTE_CELLS].tolist()
            counts += [
                ({"route": route, "method": method, "status": status}, cells[kind])
                for (method, status), kind in self._kinds.items()
                if cells[kind]
            ]
            times += _histogram(route, cells[_STATUSES_END:])
        yield Family("requests_total", "counter", "Requests answered.", counts)
        yield Family(
            "request_seconds",
            "histogram",
            "From a request's head to the end of its answer's making.",
            times,
        )


def _histogram(route: str, cells: Sequence[int]) -> Iterator[Sample]:
    """A route's buckets, each with all that is below it, their sum and their count."""
    *buckets, total = cells
    upto = list(accumulate(buckets))
    if not upto[-1]:
        return
    for bound, count in zip([*map(str, BUCKETS), "+Inf"], upto, strict=True):
        yield {"": "_bucket", "route": route, "le": bound}, count
    yield {"": "_sum", "route": route}, total / _NANO
    yield {"": "_count", "route": route}, upto[-1]
