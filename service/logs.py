"""The log: a line of JSON on standard output for each request and each event.

Lines are written whole, as many at once as a pipe takes, so that those of several
workers do not mix.
"""

import logging
import os
import select
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from multiprocessing.util import Finalize
from queue import Empty, SimpleQueue

import msgspec
from msgspec import UNSET, UnsetType

STDOUT = 1
JSON, OFF, AUTO = "json", "off", "auto"
_LONGEST = 4096  # bytes that a pipe takes whole
_GATHERING = 0.05  # seconds
_MOST = 10_000  # lines that wait; more, and requests wait for whoever reads them
_PATIENCE = 1000  # milliseconds for whoever reads, where lines do not wait
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
        self._lines: SimpleQueue[bytes] | None = None

    @classmethod
    def of(cls, mode: str) -> "Log":
        """The log that SALES_LOG asks for; people at a terminal are spared it."""
        on = mode == JSON or (mode == AUTO and not sys.stdout.isatty())
        return cls(STDOUT if on else None)

    def __bool__(self) -> bool:
        return self._descriptor is not None

    def gather(self) -> None:
        """From now on have a thread write the lines of requests, some together.

        A request that writes gives the interpreter away: beside others that costs ten
        times the writing. What is not yet written is, when the process ends, unless
        nobody reads it.
        """
        self._lines = SimpleQueue()
        threading.Thread(target=self._write_on, daemon=True, name="log").start()
        Finalize(None, self._write_last, exitpriority=0)

    def request(self, line: Line) -> None:
        """Write the line of a request, perhaps a little later."""
        written = _encode(line) + b"\n"
        if self._lines is None or self._lines.qsize() > _MOST:
            self._write(written)
        else:
            self._lines.put(written)

    def event(self, name: str, **fields: object) -> None:
        """Write the line of something that happened, unless nobody reads it."""
        if self:
            line = _encode({"time": now(), "event": name, **fields}) + b"\n"
            self._write_if_read(line)

    def _write_on(self) -> None:
        while True:
            time.sleep(_GATHERING)
            for block in self._gathered():
                self._write(block)

    def _write_last(self) -> None:
        for block in self._gathered():
            if not self._write_if_read(block):
                return

    def _write_if_read(self, lines: bytes) -> bool:
        """Write what a pipe takes at once or in a moment; whether it did.

        For what must go on where nobody reads: a start, a new build, an end.
        """
        if self._descriptor is None:
            return False
        ready = select.poll()
        ready.register(self._descriptor, select.POLLOUT)
        if not ready.poll(_PATIENCE):
            return False
        self._write(lines)
        return True

    def _gathered(self) -> Iterator[bytes]:
        """The lines there are, in blocks that a pipe takes whole."""
        block = b""
        with suppress(Empty):
            while self._lines is not None:
                line = self._lines.get_nowait()
                if len(block) + len(line) > _LONGEST:
                    yield block
                    block = b""
                block += line
        if block:
            yield block

    def _write(self, lines: bytes) -> None:
        if self._descriptor is None:
            return
        try:
            os.write(self._descriptor, lines)
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
