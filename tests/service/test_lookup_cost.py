"""What one lookup costs, counted instead of timed."""

import io
import sys

import pytest
from werkzeug.test import EnvironBuilder

from service.app import create_app
from service.settings import read_settings

CALLS = 40  # Python calls of one lookup today; lowered when a change lowers it
MOST = 1.5

BODY = b'{"shop_id":24,"item_id":%d}'


@pytest.fixture(scope="module")
def application(small_artifacts):
    return create_app(read_settings({"SALES_ARTIFACTS": str(small_artifacts)})).wsgi_app


def environ_of(body):
    return EnvironBuilder("/", method="POST", data=body).get_environ() | {
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }


def answered(application, body):
    """Run one request to its end; its status and body."""
    status = []
    answer = application(environ_of(body), lambda line, *_: status.append(line))
    return status[0], b"".join(answer)


def count_calls(work):
    """How many Python functions are called while `work` runs, itself included."""
    counted = 0

    def count(frame, event, argument):
        nonlocal counted
        counted += event == "call"

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return counted


def test_the_count_is_of_python_functions():
    def calls_a_builtin():
        return len("")

    assert count_calls(calls_a_builtin) == 1


def test_one_lookup_makes_few_python_calls(application, build):
    item_id = int(build.store.items[0])
    body = BODY % item_id
    for _ in range(3):  # warm
        assert answered(application, body)[0] == "200 OK"
    environ = environ_of(body)

    def lookup():
        list(application(environ, lambda *_: None))

    assert count_calls(lookup) <= CALLS * MOST
