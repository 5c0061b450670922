"""The log: a line of JSON on standard output for each request and each event.

A line is written by one call and is no longer than a pipe takes at once, so that
lines of several workers do not mix.
"""

import logging
import os
import sys
import traceback
from datetime import UTC, datetime

import msgspec
from msgspec import UNSET, UnsetType

STDOUT = 1
JSON, OFF, AUTO = "json", "off", "auto"
_LONGEST = 4096  # bytes that a pipe takes whole
_TRACE = 3000  # characters of a traceback's end


class Line(msgspec.Struct, kw_only=True):
    """A request that was answered."""

    time: datetime
    event: str = "request"
    id: str
    method: str
    route: str
    status: int
    rows: int
    ms: float
    error: str | UnsetType = UNSET
    traceback: str | UnsetType = UNSET


_encode = msgspec.json.Encoder().encode


class Log:
    """Writes lines to a file descriptor; to None, nothing."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    @classmethod
    def of(cls, mode: str) -> "Log":
        """The log that SALES_LOG asks for; people at a terminal are spared it."""
        on = mode == JSON or (mode == AUTO and not sys.stdout.isatty())
        return cls(STDOUT if on else None)

    def __bool__(self) -> bool:
        return self._descriptor is not None

    def request(self, line: Line) -> None:
        """Write the line of a request."""
        self._write(_encode(line))

    def event(self, name: str, **fields: object) -> None:
        """Write the line of something that happened to the service."""
        if self:
            self._write(_encode({"time": now(), "event": name, **fields}))

    def _write(self, line: bytes) -> None:
        if self._descriptor is None:
            return
        try:
            os.write(self._descriptor, line + b"\n")
        except OSError:  # nobody reads it any more: no reason to stop answering
            return


SILENT = Log(None)


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def trace(error: BaseException) -> str:
    """The end of an error's traceback, short enough for a line."""
    return "".join(traceback.format_exception(error))[-_TRACE:]


class Messages(logging.Handler):
    """What libraries log, as events."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record's message, and its error's traceback."""
        error = record.exc_info[1] if record.exc_info else None
        more = {"traceback": trace(error)} if error else {}
        level, said = record.levelname.lower(), record.getMessage()[:_TRACE]
        self._log.event("message", level=level, message=said, **more)
