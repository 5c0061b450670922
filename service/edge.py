"""What every request passes, in and out: its id, key, time, log line and counts.

WSGI without a framework: this costs a few microseconds a request.
"""

import re
from collections.abc import Iterable, Sequence
from random import getrandbits
from time import perf_counter
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication
from wsgiref.types import WSGIEnvironment as Environ

from service import cross_origin
from service.gate import Gate
from service.keys import check_key
from service.logs import Line, Log, now, trace
from service.metrics import METHODS, OTHER, Metrics
from service.note import NOTE, Note, Tally
from service.problems import FAILED, MEDIA_TYPE, ProblemError, problem
from service.settings import Settings

REQUEST_ID = "X-Request-Id"
NO_GUESS = ("X-Content-Type-Options", "nosniff")  # an answer is of the type it says
QUIET = ("/healthz", "/readyz", "/metrics")  # logged only where they fail
_is_plain = re.compile(r"[A-Za-z0-9._-]{1,128}").fullmatch

Answer = tuple[str, list[tuple[str, str]], bytes]  # status line, headers, body


class Edge:
    """A WSGI application before another; `routes` are those without parameters."""

    def __init__(
        self,
        application: WSGIApplication,
        settings: Settings,
        routes: Sequence[str],
        *,
        metrics: Metrics,
        tally: Tally,
        log: Log,
    ) -> None:
        self._application = application
        self._keys = [key.encode() for key in settings.api_key]
        self._origins = settings.cors
        self._routes = frozenset(routes)
        self._gate = Gate(metrics, settings.max_in_flight, settings.max_body)
        self._metrics = metrics
        self._tally = tally
        self._log = log

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer one request."""
        started = perf_counter()
        path = environ["PATH_INFO"]
        route = path if path in self._routes else OTHER
        note = environ[NOTE] = Note(request_id(environ), route)
        status, headers, body = self._answer(environ, note)
        headers += [(REQUEST_ID, note.id), NO_GUESS]
        if self._origins:
            headers += cross_origin.answer_headers(environ, self._origins)
        start_response(status, headers)
        self._tell(environ, note, status[:3], perf_counter() - started)
        return [body]

    def _answer(self, environ: Environ, note: Note) -> Answer:
        """What is answered, whatever happens."""
        try:
            if self._origins and cross_origin.is_preflight(environ, self._origins):
                return "204 No Content", cross_origin.preflight_headers(), b""
            if self._keys:
                check_key(environ, self._keys)
            held = self._gate.enter(environ)
            try:
                return self._ask(environ)
            finally:
                self._gate.leave(held)
        except ProblemError as error:
            return told(error)
        except Exception as error:  # noqa: BLE001 the log tells of it
            note.error = error
            return told(ProblemError(FAILED))

    def _ask(self, environ: Environ) -> Answer:
        """The whole answer of the application."""
        began: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
            began[:] = status, headers

        answer = self._application(environ, start)
        try:
            body = b"".join(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
        status, headers = began
        return status, headers, body

    def _tell(self, environ: Environ, note: Note, status: str, seconds: float) -> None:
        """Count the request and write its line."""
        method = environ["REQUEST_METHOD"]
        rows = self._tally.take()
        self._metrics.request(note.route, method, status, seconds, rows)
        if self._log and not (note.route in QUIET and status < "400"):
            line = Line(
                time=now(),
                id=note.id,
                method=method if method in METHODS else OTHER,
                route=note.route,
                status=int(status),
                rows=sum(rows),
                ms=round(seconds * 1e3, 3),
            )
            if note.error is not None:
                line.error = type(note.error).__name__
                line.traceback = trace(note.error)
            self._log.request(line)


def request_id(environ: Environ) -> str:
    """The id that the client gave, where it is plain; else one made here."""
    given: str | None = environ.get("HTTP_X_REQUEST_ID")
    if given is not None and _is_plain(given):
        return given
    return f"{getrandbits(64):016x}"


def told(error: ProblemError) -> Answer:
    """An error as an answer."""
    body = problem(error.status, error.detail, error.faults, error.count)
    headers = [("Content-Type", MEDIA_TYPE), ("Content-Length", str(len(body)))]
    status = f"{error.status.value} {error.status.phrase}"
    return status, [*headers, *error.headers], body
