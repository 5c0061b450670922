"""API keys: who may ask, where SALES_API_KEY is set."""

from collections.abc import Sequence
from hmac import compare_digest
from wsgiref.types import WSGIEnvironment as Environ

from service.operations import OPERATIONS
from service.problems import NoKey

OPEN = frozenset(operation.path for operation in OPERATIONS if operation.open)
OPEN_BELOW = "/page/"  # files that the page loads
_READING = ("GET", "HEAD")


def check_key(environ: Environ, keys: Sequence[bytes]) -> None:
    """Raise NoKey where a request needs a key and has none of `keys`.

    The time it takes does not tell how much of a key was right.
    """
    if environ["REQUEST_METHOD"] in _READING:
        path = environ["PATH_INFO"]
        if path in OPEN or path.startswith(OPEN_BELOW):
            return
    scheme, _, given = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer":
        raise NoKey("no API key: send one with -H 'Authorization: Bearer KEY'")
    sent = given.strip().encode(errors="replace")
    matches = [compare_digest(sent, key) for key in keys]  # all of them, always
    if True not in matches:
        raise NoKey("the API key is not one of those that this service takes")
