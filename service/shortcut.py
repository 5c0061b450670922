"""The shortest way to one pair's prediction: past Flask, which costs most of it.

It takes plain requests that can be answered, and hands on every other, whole, to the
application behind it, which says what is wrong.
"""

import io
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication
from wsgiref.types import WSGIEnvironment as Environ

from feature_store.errors import UnknownEntity
from service import bodies
from service.incoming import JSON
from service.problems import ProblemError
from service.served import Served

PATHS = ("/", "/v1/predict")
ACCEPTED = (None, "*/*", JSON)


class Shortcut:
    """A WSGI application before another: answers from `served` where it can."""

    def __init__(self, application: WSGIApplication, served: Served) -> None:
        self._application = application
        self._served = served

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer one request, or have the application do it."""
        length = plain_length(environ)
        if length:
            body = environ["wsgi.input"].read(length)
            answer = self._answer(body) if len(body) == length else None
            if answer is not None:
                size = str(len(answer))
                start_response(
                    "200 OK", [("Content-Type", JSON), ("Content-Length", size)]
                )
                return [answer]
            environ["wsgi.input"] = io.BytesIO(body)
        return self._application(environ, start_response)

    def _answer(self, body: bytes) -> bytes | None:
        """The answer to a body that is one pair of the catalogue; None for others."""
        try:
            asked = bodies.parse(body, max_rows=1)
            if isinstance(asked, bodies.Pair):
                return self._served.ready().predictor.one(asked)
        except (ProblemError, UnknownEntity):
            pass
        return None


def plain_length(environ: Environ) -> int:
    """The bytes of a request that may be a pair with nothing beside it; else 0."""
    if (
        environ["REQUEST_METHOD"] == "POST"
        and environ["PATH_INFO"] in PATHS
        and environ.get("CONTENT_TYPE") == JSON
        and environ.get("HTTP_ACCEPT") in ACCEPTED
        and not environ.get("QUERY_STRING")
        and "HTTP_CONTENT_ENCODING" not in environ
    ):
        length = environ.get("CONTENT_LENGTH", "")
        if length.isdecimal() and len(length) < 4:  # a longer body is no plain pair
            return int(length)
    return 0
