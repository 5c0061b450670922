"""Answers that a client may keep: asked for each time, and sent once a build."""

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Response, request

PACKAGES = ("feature_store", "model", "service")
SOURCES = (".py", ".html")


def short_hash(content: bytes) -> str:
    """Eight hex digits that tell a content from another."""
    return sha256(content).hexdigest()[:8]


@cache
def code() -> str:
    """Tells this code from another version of it."""
    root = Path(__file__).parent.parent
    files = (path for name in PACKAGES for path in sorted((root / name).rglob("*")))
    sources = (path for path in files if path.suffix in SOURCES)
    return short_hash(b"".join(path.read_bytes() for path in sources))


def tagged(version: str, make: Callable[[], Response]) -> Response:
    """What `make` answers, or 304 where the client has it of this version.

    `version` names all that can change the answer, but for the code.
    """
    tag = f"{version}-{code()}"
    asked = request.if_none_match
    # `*` is any version, of what may not even be there.
    known = asked.contains_weak(tag) and not asked.star_tag
    answer = Response(status=304) if known else make()
    answer.set_etag(tag)
    answer.headers["Cache-Control"] = "no-cache"
    return answer
