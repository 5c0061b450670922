"""How much one worker takes on at once: requests, bytes of bodies, large bodies.

The server gives every connection a thread, so that a body that comes slowly keeps
nobody waiting. What has come whole is counted here; what is too much is refused before
it is parsed, so that memory and waiting stay bounded.
"""

import io
from threading import BoundedSemaphore, Lock
from wsgiref.types import WSGIEnvironment as Environ

from service.metrics import Metrics
from service.problems import BadRequest, Busy

LARGE = 1 << 16  # bytes: longer bodies are read in pieces, and worked off in turn
PATIENCE = 10.0  # seconds that a large body waits for its turn
_BODIES = 4  # of the largest size, read at once


class Gate:
    """Admits requests one by one; each that `enter` admitted has to `leave`."""

    def __init__(self, metrics: Metrics, max_in_flight: int, max_body: int) -> None:
        self._metrics = metrics
        self._max_in_flight = max_in_flight
        self._max_body = max_body
        self._lock = Lock()
        self._held = 0  # bytes
        self._turn = BoundedSemaphore()

    def enter(self, environ: Environ) -> int:
        """Admit a request, its body read; the bytes that are held for it.

        Raises Busy, and BadRequest for a body that ends too early.
        """
        if self._metrics.in_flight() >= self._max_in_flight:
            raise self._busy()
        held = self._read(environ)
        if not self._metrics.enter(self._max_in_flight):
            self._release(held)
            raise self._busy()
        if held and not self._turn.acquire(timeout=PATIENCE):
            self._metrics.leave()
            self._release(held)
            raise Busy("other large requests are still being worked off; try again")
        return held

    def leave(self, held: int) -> None:
        """A request that was admitted is over."""
        self._metrics.leave()
        if held:
            self._turn.release()
            self._release(held)

    def _busy(self) -> Busy:
        return Busy(f"{self._max_in_flight:,} requests are in flight here; try again")

    def _read(self, environ: Environ) -> int:
        """Read the body; the bytes to hold for it, 0 where it is not large.

        What is longer than is allowed stays unread: it is refused by its length.
        """
        given = environ.get("CONTENT_LENGTH") or ""
        length = int(given) if given.isdecimal() else 0
        if given.isdecimal() and length <= LARGE:
            body = environ["wsgi.input"].read(length)
            if len(body) < length:  # whoever sent it has gone: no place for it
                raise BadRequest.of_part(len(body), length)
            environ["wsgi.input"] = io.BytesIO(body)
            return 0
        if length > self._max_body or not (
            length or "HTTP_TRANSFER_ENCODING" in environ
        ):
            return 0
        return self._read_pieces(environ, length)

    def _read_pieces(self, environ: Environ, length: int) -> int:
        """Read a body that is large or of unknown length (0), a piece too much at most.

        Raises Busy, and BadRequest where it ends too early.
        """
        source, pieces, held = environ["wsgi.input"], [], 0
        try:
            while held <= self._max_body and (piece := source.read(LARGE)):
                self._hold(len(piece))
                held += len(piece)
                pieces.append(piece)
        except BaseException:
            self._release(held)
            raise
        if held < length:
            self._release(held)
            raise BadRequest.of_part(held, length)
        environ["wsgi.input"] = io.BytesIO(b"".join(pieces))
        if held > LARGE:
            return held
        self._release(held)
        return 0

    def _hold(self, size: int) -> None:
        with self._lock:
            if self._held + size > _BODIES * max(self._max_body, LARGE):
                raise Busy("other large bodies are being read; try again")
            self._held += size

    def _release(self, size: int) -> None:
        with self._lock:
            self._held -= size
