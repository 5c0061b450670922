"""What an Arrow stream's compressed buffers say that they will take, before they do.

A compressed buffer begins with its decompressed length, and Arrow takes that memory at
once: a body of 13 kB can ask for 400 MB. Where a message's buffers are stands in its
head, a FlatBuffer, whose tables are in Message.fbs of Arrow's format:
https://arrow.apache.org/docs/format/Columnar.html#format-message-fbs
"""

import struct
from collections.abc import Iterator

import pyarrow as pa

_HEADER, _RECORD_BATCH_OF_DICTIONARY, _BUFFERS, _COMPRESSION = 2, 1, 2, 3
_OLD = b"ARROW:experimental_compression"  # said elsewhere, before Arrow 1.0


def claimed_bytes(body: bytes) -> Iterator[int]:
    """The decompressed lengths of a stream's compressed buffers, one by one.

    Raises ArrowInvalid where it is no stream.
    """
    reader = pa.ipc.MessageReader.open_stream(pa.BufferReader(body))
    for message in reader:
        try:
            yield from _lengths(message)
        except struct.error as error:
            raise pa.ArrowInvalid(f"a message's head is broken: {error}") from error


def _lengths(message: pa.Message) -> Iterator[int]:
    head, body = message.metadata.to_pybytes(), memoryview(message.body or b"")
    if _OLD in head:
        raise pa.ArrowInvalid("compression as before Arrow 1.0 is not read")
    batch = _follow(head, _field(head, _follow(head, 0), _HEADER))
    if message.type == "dictionary":
        batch = _follow(head, _field(head, batch, _RECORD_BATCH_OF_DICTIONARY))
    elif message.type != "record batch":
        return
    buffers = _field(head, batch, _BUFFERS)
    if not buffers or not _field(head, batch, _COMPRESSION):
        return
    first = _follow(head, buffers)
    (count,) = struct.unpack_from("<I", head, first)
    for at in range(first + 4, first + 4 + 16 * count, 16):
        offset, size = struct.unpack_from("<qq", head, at)
        if size > 0:
            (length,) = struct.unpack_from("<q", body, offset)
            yield max(size, length)  # -1: compression would have made it longer


def _follow(head: bytes, at: int) -> int:
    """Where the offset at `at` leads."""
    return at + int(struct.unpack_from("<I", head, at)[0])


def _field(head: bytes, table: int, number: int) -> int:
    """Where a table's field is; 0 where the table lacks it."""
    names = table - struct.unpack_from("<i", head, table)[0]
    (size,) = struct.unpack_from("<H", head, names)
    at = 4 + 2 * number
    if at >= size:
        return 0
    (offset,) = struct.unpack_from("<H", head, names + at)
    return table + int(offset) if offset else 0
