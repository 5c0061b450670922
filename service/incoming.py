"""What a request says of itself, and its body: all of its bytes, within limits."""

import zlib

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from service.problems import BadRequest, TooLarge, WrongMediaType

JSON = "application/json"
CSV = "text/csv"
ARROW = "application/vnd.apache.arrow.stream"
SERVED = (JSON, CSV, ARROW)
CHARSETS = ("utf-8", "utf8", "us-ascii", "ascii")


def media_type() -> str:
    """The body's media type, one of SERVED.

    Raises WrongMediaType, with the header to paste, and BadRequest for a charset
    that is not UTF-8.
    """
    content_type = request.headers.get("Content-Type", "")
    if content_type in SERVED:
        return content_type
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in SERVED:
        raise WrongMediaType(
            f"the body's type is {kind or 'missing'}; expected {JSON}:"
            f" add -H 'Content-Type: {JSON}' ({CSV} and {ARROW} are served, too)"
        )
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if charset not in CHARSETS:
        raise BadRequest(f"the body's charset is {charset}; expected utf-8")
    return kind


def wants_csv() -> bool:
    """Whether the answer is to be CSV rather than JSON, by `Accept`."""
    if CSV not in request.headers.get("Accept", "").lower():
        return False
    return request.accept_mimetypes.best_match((JSON, CSV)) == CSV


def whole_body(max_body: int) -> bytes:
    """The body as it was before any `Content-Encoding`, at most `max_body` bytes."""
    sent = request.get_data(cache=False)
    if len(sent) > max_body:
        raise RequestEntityTooLarge
    length = request.content_length
    if length is not None and len(sent) < length:
        raise BadRequest.of_part(len(sent), length)
    encoding = request.headers.get("Content-Encoding")
    if encoding is None or encoding.lower() == "identity":
        return sent
    if encoding.lower() != "gzip":
        raise WrongMediaType(
            f"the body's encoding is {encoding}; expected gzip or none"
        )
    return _unzipped(sent, max_body)


def _unzipped(sent: bytes, max_body: int) -> bytes:
    """Decompressed, but never more than is allowed: a bomb is not set off."""
    stream = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        body = stream.decompress(sent, max_body + 1)
    except zlib.error as error:
        raise BadRequest(f"the body is not gzip: {error}") from error
    if len(body) > max_body:
        raise TooLarge(
            f"the body is more than {max_body:,} bytes long once decompressed;"
            " no more are allowed"
        )
    if not stream.eof or stream.unused_data:
        raise BadRequest("the body is not one whole gzip stream")
    return body
