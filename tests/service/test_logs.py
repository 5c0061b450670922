"""The log: a line of JSON a request, and nothing in it that is nobody's business."""

import json
import logging
import os
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
import requests

from service.app import create_app
from service.logs import Line, Log, Messages
from service.settings import read_settings
from tests.conftest import running_server
from tests.model.tiny import copied
from tests.service.clients import pair, post

FIELDS = ["time", "event", "id", "method", "route", "status", "rows", "ms"]
SECRET = "key-of-a-shop"
HEADERS = {"Authorization": f"Bearer {SECRET}", "X-Request-Id": "the-id"}
SECRETS = (SECRET, "6676", "playstation", "item_id")


class Lines:
    """A log that a test can read."""

    def __init__(self, path):
        self.path = path
        self.descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.log = Log(self.descriptor)

    def read(self):
        """The lines since the last call."""
        lines = self.path.read_text().splitlines()
        os.truncate(self.descriptor, 0)
        return [json.loads(line) for line in lines]


@pytest.fixture
def lines(tmp_path):
    found = Lines(tmp_path / "log")
    yield found
    os.close(found.descriptor)


def logged(artifacts, lines, **environ):
    """A client of an application that logs there."""
    settings = read_settings({"SALES_ARTIFACTS": str(artifacts), **environ})
    client = create_app(settings, log=lines.log).test_client()
    return client, lines.read()


def test_a_request_is_one_line_with_what_one_wants_to_know(small_artifacts, lines):
    client, _ = logged(small_artifacts, lines)
    before = datetime.now(UTC)
    client.post("/v1/predict", json=pair(24, 6), headers={"X-Request-Id": "the-id"})
    (line,) = lines.read()
    assert list(line) == FIELDS
    when = datetime.fromisoformat(line.pop("time"))
    assert timedelta(0) <= when - before < timedelta(seconds=10)
    assert 0 < line.pop("ms") < 10_000
    assert line == {
        "event": "request",
        "id": "the-id",
        "method": "POST",
        "route": "/v1/predict",
        "status": 200,
        "rows": 1,
    }


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("POST", "/", [pair(24, 6)] * 7, ("POST", "/", 200, 7)),
        ("POST", "/", [pair(99, 6), pair(24, 6)], ("POST", "/", 200, 2)),
        ("POST", "/", {"input": [[1] * 44] * 3}, ("POST", "/", 200, 3)),
        ("POST", "/", {"shop_id": 24}, ("POST", "/", 400, 0)),
        ("POST", "/", pair(999, 6), ("POST", "/", 404, 0)),
        (
            "GET",
            "/v1/shops/24/items/6",
            None,
            ("GET", "/v1/shops/<shop_id>/items/<item_id>", 200, 0),
        ),
        ("GET", "/v1/items?q=secret", None, ("GET", "/v1/items", 200, 0)),
        ("GET", "/nope/secret", None, ("GET", "other", 404, 0)),
        ("PUT", "/v1/predict", None, ("other", "/v1/predict", 405, 0)),
        ("BREW", "/", None, ("other", "/", 405, 0)),
    ],
)
def test_a_line_tells_route_status_and_rows(
    small_artifacts, lines, method, path, body, expected
):
    client, _ = logged(small_artifacts, lines)
    client.open(path, method=method, json=body)
    (line,) = lines.read()
    found = line["method"], line["route"], line["status"], line["rows"]
    assert found == expected
    assert "secret" not in json.dumps(line)


def test_no_line_holds_a_key_a_body_or_a_query(small_artifacts, lines):
    client, _ = logged(small_artifacts, lines, SALES_API_KEY=SECRET)
    for headers in (HEADERS, {"Authorization": "Bearer 6676-playstation"}):
        client.post("/?q=playstation", json=pair(24, 6676), headers=headers)
        client.post("/", json=pair(24, 6676), headers=headers)
        client.get("/v1/shops/24/items/6676?q=playstation", headers=headers)
    text = lines.path.read_text()
    assert len(lines.read()) == 6
    assert not [secret for secret in SECRETS if secret in text.replace("<item_id>", "")]


def test_health_checks_are_quiet_unless_they_fail(small_artifacts, tmp_path, lines):
    client, _ = logged(small_artifacts, lines)
    for path in ("/healthz", "/readyz", "/metrics"):
        assert client.get(path).status_code == 200
    assert lines.read() == []
    client, _ = logged(tmp_path, lines)
    client.get("/readyz")
    client.get("/healthz")
    assert [line["status"] for line in lines.read()] == [503]


def test_what_nobody_expected_is_one_line_with_its_traceback(
    small_artifacts, lines, monkeypatch
):
    client, _ = logged(small_artifacts, lines)

    def fail(*_):
        raise ZeroDivisionError("of all things" * 1000)

    monkeypatch.setattr("service.answers.Predictor.one", fail)
    for content_type in ("application/json", "application/json;"):
        post(client, pair(24, 6), content_type=content_type)
    assert lines.path.stat().st_size < 2 * 4096  # each fits a pipe's write
    for line in lines.read():
        assert list(line) == [*FIELDS, "error", "traceback"]
        assert (line["status"], line["error"]) == (500, "ZeroDivisionError")
        assert line["traceback"].rstrip().endswith("of all things")


def test_builds_that_are_loaded_or_refused_are_events(tiny_artifacts, tmp_path, lines):
    artifacts, folder = copied(tiny_artifacts, tmp_path / "artifacts")
    _, events = logged(artifacts, lines)
    assert [(e["event"], e["version"]) for e in events] == [
        ("build_loaded", folder.name)
    ]
    (folder / "model.pkl").unlink()
    _, events = logged(artifacts, lines)
    (event,) = events
    assert list(event) == ["time", "event", "version", "reason"]
    assert (event["event"], event["version"]) == ("build_refused", folder.name)
    assert "model.pkl: missing" in event["reason"]


def test_what_libraries_say_is_a_line_too(lines):
    logger = logging.getLogger("tests.a-library")
    logger.addHandler(Messages(lines.log))
    logger.propagate = False
    logger.warning("it was %s", "odd")
    try:
        {}["what"]
    except KeyError:
        logger.exception("failed")
    first, second = lines.read()
    assert (first["event"], first["level"]) == ("message", "warning")
    assert first["message"] == "it was odd"
    assert second["traceback"].rstrip().endswith("KeyError: 'what'")


def test_a_log_that_nobody_reads_stops_no_answer(small_artifacts):
    reading, writing = os.pipe()
    os.close(reading)
    settings = read_settings({"SALES_ARTIFACTS": str(small_artifacts)})
    client = create_app(settings, log=Log(writing)).test_client()
    assert client.post("/", json=pair(24, 6)).status_code == 200
    os.close(writing)


@pytest.mark.parametrize(
    ("mode", "terminal", "logs"),
    [
        ("json", True, True),
        ("json", False, True),
        ("auto", True, False),
        ("auto", False, True),
        ("off", False, False),
    ],
)
def test_people_at_a_terminal_see_no_log_unless_they_want_to(
    monkeypatch, mode, terminal, logs
):
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal, raising=False)
    assert bool(Log.of(mode)) is logs


def line_of(name):
    """The line of a request with this id."""
    about = {"method": "GET", "route": "/", "status": 200, "rows": 0, "ms": 0.1}
    return Line(time=datetime.now(UTC), id=name, **about)


def test_lines_that_nobody_reads_are_not_gathered_without_end():
    reading, writing = os.pipe()
    log = Log(writing)
    log.gather()
    asking = threading.Thread(
        target=lambda: [log.request(line_of(str(i))) for i in range(50_000)],
        daemon=True,
    )
    asking.start()
    asking.join(timeout=3)
    assert asking.is_alive()  # it waits, as the writing thread does
    while asking.is_alive():
        os.read(reading, 1 << 16)
    os.close(reading)  # ends the thread's last write


def test_lines_that_are_gathered_are_all_written_and_whole(lines):
    lines.log.gather()
    for i in range(500):
        lines.log.request(line_of(str(i)))
    deadline = time.monotonic() + 10
    while len(lines.path.read_bytes().splitlines()) < 500:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert [line["id"] for line in lines.read()] == [str(i) for i in range(500)]


def fill(pipe):
    """Write into a pipe until not a byte more is taken."""
    descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    for piece in (b" " * 4096, b" "):
        with suppress(BlockingIOError):
            while True:
                os.write(descriptor, piece)
    os.close(descriptor)


def test_a_server_whose_lines_nobody_reads_can_be_stopped(small_artifacts):
    options = ("--workers", "1")
    with running_server(small_artifacts, *options, SALES_LOG="json") as server:
        fill(f"/proc/{server.process.pid}/fd/1")
        for _ in range(5):
            answer = requests.post(server.url, json=pair(24, 6), timeout=30)
            assert answer.status_code == 200
        time.sleep(0.2)
        server.process.terminate()
        assert server.process.wait(20) == 0


def test_a_server_that_is_stopped_has_written_every_line(small_artifacts):
    with running_server(small_artifacts, SALES_LOG="json") as server:
        for i in range(20):
            headers = {"X-Request-Id": f"number-{i}"}
            requests.post(server.url, json=pair(24, 6), headers=headers, timeout=30)
        server.process.terminate()
        output, _ = server.process.communicate(timeout=40)
    told = [json.loads(line) for line in output.splitlines()]
    events = [line["event"] for line in told]
    assert events[0] == "serving"
    assert events[-1] == "stopped"
    assert {"build_loaded", "request"} <= set(events)
    ids = {line["id"] for line in told if line["event"] == "request"}
    assert ids == {f"number-{i}" for i in range(20)}
