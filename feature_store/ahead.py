"""Work that is done in threads a little before its result is asked for."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

THREADS = 2


def ahead(makers: Iterable[Callable[[], T]]) -> Iterator[T]:
    """What each of `makers` makes, in order, at most THREADS of them in advance.

    It pays where making is numpy's or pyarrow's work, which runs beside Python's.
    Raises what a maker raises.
    """
    made: deque[Future[T]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for make in makers:
            made.append(pool.submit(make))
            if len(made) > THREADS:
                yield made.popleft().result()
        while made:
            yield made.popleft().result()
