"""What can be wrong with a request, and how it is said: RFC 9457 problem details.

ProblemError (SalesError)
├── BadRequest     400  the body or a parameter is not what it should be
├── NoKey          401  no API key, or a wrong one
├── NotInCatalogue 404  a shop or an item that the catalogue lacks
├── TooLarge       413  more rows or bytes than are allowed
├── WrongMediaType 415  a media type or an encoding that is not served
├── NotReady       503  no build can be served
└── Busy           503  more at once than this process answers
"""

import json
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from itertools import islice

import msgspec

from feature_store.errors import SalesError, UnknownEntity

MEDIA_TYPE = "application/problem+json"
FAILED = "this service failed; the log says why"
SHOWN = 20  # faults in one answer
SHOWN_LENGTH = 80  # of a value in a sentence


def show(value: object) -> str:
    """A value as JSON writes it, on one line, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    text = text.encode(errors="replace").decode()  # JSON may hold lone surrogates
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}…"


def reference(name: str) -> str:
    """A field's name as a JSON pointer holds it."""
    return show(name)[1:-1].replace("~", "~0").replace("/", "~1")


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong with a body: where, as a JSON pointer, and what."""

    pointer: str
    detail: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """The body of every error answer."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[Fault] | msgspec.UnsetType = msgspec.UNSET
    error_count: int | msgspec.UnsetType = msgspec.UNSET


class ProblemError(SalesError):
    """Ends a request; the class fixes the status."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    headers: tuple[tuple[str, str], ...] = ()

    def __init__(
        self, detail: str, faults: Sequence[Fault] = (), count: int | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults = faults
        self.count = len(faults) if count is None else count


class BadRequest(ProblemError):
    """The body or a parameter is not what it should be."""

    status = HTTPStatus.BAD_REQUEST

    @classmethod
    def of(cls, faults: Iterable[Fault]) -> "BadRequest":
        """All that is wrong, told by its first fault and the count."""
        found = iter(faults)
        shown = list(islice(found, SHOWN))
        count = len(shown) + sum(1 for _ in found)
        where = f" (at {shown[0].pointer})" if shown[0].pointer else ""
        others = f"{count - 1:,} more fault{'s' if count > 2 else ''}"
        more = f", and {others}" if count > 1 else ""
        return cls(f"{shown[0].detail}{where}{more}", shown, count)

    @classmethod
    def of_part(cls, came: int, length: int) -> "BadRequest":
        """A body that ended too early, in bytes."""
        return cls(f"the body ended after {came:,} of {length:,} bytes")


class NoKey(ProblemError):
    """No API key, or a wrong one."""

    status = HTTPStatus.UNAUTHORIZED
    headers = (("WWW-Authenticate", "Bearer"),)


class NotInCatalogue(ProblemError):
    """A shop or an item that the catalogue lacks."""

    status = HTTPStatus.NOT_FOUND

    @classmethod
    def of(cls, error: UnknownEntity) -> "NotInCatalogue":
        """Names the ids, each at its pointer."""
        faults = [Fault(f"/{f}", f"{v} is not known") for f, v in error.unknown]
        return cls(str(error), faults)


class TooLarge(ProblemError):
    """More rows or bytes than are allowed."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class WrongMediaType(ProblemError):
    """A media type or an encoding that is not served."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class NotReady(ProblemError):
    """No build can be served."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class Busy(ProblemError):
    """More at once than this process answers; the next second may be better."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    headers = (("Retry-After", "1"),)


def problem(
    status: int, detail: str, faults: Sequence[Fault] = (), count: int = 0
) -> bytes:
    """The JSON body of an error: the first faults and how many there are."""
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail)
    if faults:
        body = msgspec.structs.replace(body, errors=list(faults), error_count=count)
    return msgspec.json.encode(body)
