"""What one worker takes on at once, and what it refuses before it is parsed."""

import io
import threading
import time

import pytest

from service import gate as gates
from service.board import Board
from service.gate import LARGE, Gate
from service.metrics import Metrics
from service.problems import BadRequest, Busy

MAX_BODY = 1 << 20


def gate_of(most=3):
    return Gate(Metrics(Board()), most, MAX_BODY)


class Body:
    """A body that tells how much of it was read."""

    def __init__(self, content):
        self._content = io.BytesIO(content)
        self.read_bytes = 0

    def read(self, size):
        piece = self._content.read(size)
        self.read_bytes += len(piece)
        return piece


def request_of(content, *, chunked=False):
    environ = {"wsgi.input": Body(content)}
    if chunked:
        return environ | {"HTTP_TRANSFER_ENCODING": "chunked"}
    return environ | {"CONTENT_LENGTH": str(len(content))}


def test_more_requests_than_are_allowed_are_refused_unread():
    gate = gate_of(most=3)
    held = [gate.enter(request_of(b"{}")) for _ in range(3)]
    environ = request_of(b"{}")
    with pytest.raises(Busy, match="3 requests are in flight here; try again") as busy:
        gate.enter(environ)
    assert environ["wsgi.input"].read_bytes == 0
    assert busy.value.headers == (("Retry-After", "1"),)
    for one in held:
        gate.leave(one)
    gate.leave(gate.enter(request_of(b"{}")))


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("size", [0, 1, LARGE, LARGE + 1, MAX_BODY])
def test_a_body_comes_through_whole(size, chunked):
    gate, content = gate_of(), bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    environ = request_of(content, chunked=chunked)
    gate.leave(gate.enter(environ))
    assert environ["wsgi.input"].read() == content


def test_a_body_that_says_it_is_too_long_is_not_read():
    gate, environ = gate_of(), request_of(b" " * (MAX_BODY + 1))
    gate.leave(gate.enter(environ))
    assert environ["wsgi.input"].read_bytes == 0


def test_a_body_of_unknown_length_is_read_no_further_than_needed():
    environ = request_of(b" " * (MAX_BODY + 10 * LARGE), chunked=True)
    source = environ["wsgi.input"]
    gate = gate_of()
    gate.leave(gate.enter(environ))
    assert MAX_BODY < source.read_bytes <= MAX_BODY + LARGE
    assert len(environ["wsgi.input"].read()) == source.read_bytes


def test_without_a_body_nothing_is_read():
    environ = {"wsgi.input": None}
    gate = gate_of()
    gate.leave(gate.enter(environ))


def test_large_bodies_take_turns_and_small_ones_do_not_wait(monkeypatch):
    monkeypatch.setattr(gates, "PATIENCE", 0.05)
    gate = gate_of()
    large = gate.enter(request_of(b" " * (LARGE + 1)))
    gate.leave(gate.enter(request_of(b"{}")))
    with pytest.raises(Busy, match="other large requests are still being worked off"):
        gate.enter(request_of(b" " * (LARGE + 1)))
    gate.leave(large)
    gate.leave(gate.enter(request_of(b" " * (LARGE + 1))))


def test_the_bodies_that_wait_are_bounded_in_bytes():
    gate = gate_of(most=100)
    first = gate.enter(request_of(b" " * MAX_BODY))
    refused = []

    def wait():
        try:
            gate.leave(gate.enter(request_of(b" " * MAX_BODY)))
        except Busy as busy:
            refused.append(str(busy))

    waiting = [threading.Thread(target=wait) for _ in range(8)]
    for thread in waiting:
        thread.start()
    deadline = time.monotonic() + 20
    while len(refused) < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    gate.leave(first)
    for thread in waiting:
        thread.join(20)
    assert refused == ["other large bodies are being read; try again"] * 5
    gate.leave(gate.enter(request_of(b" " * MAX_BODY)))


def test_a_body_that_fails_to_come_is_not_held():
    gate = gate_of()

    class Broken(Body):
        def read(self, size):
            if self.read_bytes:
                raise OSError("gone")
            return super().read(size)

    for _ in range(10):
        environ = request_of(b" " * MAX_BODY)
        environ["wsgi.input"] = Broken(b" " * MAX_BODY)
        with pytest.raises(OSError, match="gone"):
            gate.enter(environ)
    gate.leave(gate.enter(request_of(b" " * MAX_BODY)))


def test_a_body_that_breaks_off_takes_no_place():
    gate = gate_of(most=1)
    for length in (26, 900_000):
        environ = request_of(b"{}") | {"CONTENT_LENGTH": str(length)}
        with pytest.raises(BadRequest, match=f"ended after 2 of {length:,} bytes"):
            gate.enter(environ)
    gate.leave(gate.enter(request_of(b"{}")))
