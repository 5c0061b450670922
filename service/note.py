"""What is noted of a request while it is answered: for its log line and the metrics."""

import threading
from collections.abc import Sequence
from wsgiref.types import WSGIEnvironment as Environ

import numpy as np
from numpy.typing import NDArray

from feature_store.lookup import STATUSES

NOTE = "salespredictor.note"  # its key in a WSGI environment
BASES = (*STATUSES, "vector")  # what a prediction rests on: the last, a posted vector
_NONE = (0,) * len(BASES)
_ONE = {b: (*_NONE[:i], 1, *_NONE[i + 1 :]) for i, b in enumerate(BASES)}


class Note:
    """One request: its id, the route that took it, and what nobody expected."""

    __slots__ = ("error", "id", "route")

    def __init__(self, request_id: str, route: str) -> None:
        self.id = request_id
        self.route = route
        self.error: Exception | None = None


def note_of(environ: Environ) -> Note:
    """The note of the request that an environment is of."""
    note: Note = environ[NOTE]
    return note


class Tally(threading.local):
    """Counts a request's predictions by BASES, in the thread that answers it."""

    def __init__(self) -> None:
        self._counts: Sequence[int] = ()

    def one(self, basis: str) -> None:
        """A prediction that rests on `basis`, one of BASES."""
        self._counts = _ONE[basis]

    def many(self, status: NDArray[np.uint8]) -> None:
        """A prediction for each index into BASES: shape (predictions,)."""
        self._counts = np.bincount(status, minlength=len(BASES)).tolist()

    def vectors(self, rows: int) -> None:
        """Predictions of posted vectors."""
        self._counts = (*_NONE[1:], rows)

    def take(self) -> Sequence[int]:
        """The counts, empty where nothing was predicted; then it starts anew."""
        counts, self._counts = self._counts, ()
        return counts
