"""Pages of other origins: which may read answers, where SALES_CORS names some."""

from collections.abc import Sequence
from wsgiref.types import WSGIEnvironment as Environ

Headers = list[tuple[str, str]]

_EXPOSED = "ETag, Retry-After, Salespredictor-Not-Found, X-Request-Id"
_METHODS = "GET, HEAD, POST"
_ASKED = "Accept, Authorization, Content-Encoding, Content-Type, X-Request-Id"
_SECONDS = "600"  # that a browser remembers


def answer_headers(environ: Environ, origins: Sequence[str]) -> Headers:
    """What an answer says to the page that asked."""
    origin = environ.get("HTTP_ORIGIN", "")
    headers = [("Vary", "Origin")]
    if origin in origins:
        headers.append(("Access-Control-Allow-Origin", origin))
        headers.append(("Access-Control-Expose-Headers", _EXPOSED))
    return headers


def is_preflight(environ: Environ, origins: Sequence[str]) -> bool:
    """Whether a browser asks what a page of one of `origins` may send."""
    return (
        environ["REQUEST_METHOD"] == "OPTIONS"
        and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
        and environ.get("HTTP_ORIGIN") in origins
    )


def preflight_headers() -> Headers:
    """What a page of another origin may send."""
    return [
        ("Access-Control-Allow-Methods", _METHODS),
        ("Access-Control-Allow-Headers", _ASKED),
        ("Access-Control-Max-Age", _SECONDS),
    ]
