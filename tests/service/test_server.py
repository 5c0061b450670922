"""A real server: what only a socket can show of the contract."""

import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests

from tests.conftest import running_server
from tests.service.clients import pair
from tests.service.problem_shape import assert_problem

GOOD = b'{"shop_id":24,"item_id":6}'
JSON = {"Content-Type": "application/json"}
MAX_BODY = 2000


@pytest.fixture(scope="module")
def narrow(small_artifacts):
    """A server that takes small bodies only."""
    limits = {"SALES_MAX_BODY": str(MAX_BODY), "SALES_MAX_ROWS": "5"}
    with running_server(small_artifacts, **limits) as found:
        yield found


def chunked(url, *chunks):
    """Post a body without saying how long it will be."""
    return requests.post(url, data=iter(chunks), headers=JSON, timeout=30)


def raw(url, *parts):
    """What is answered to bytes sent as they are, in parts."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), 10) as connection:
        for part in parts:
            connection.sendall(part)
        return connection.recv(1 << 16).decode()


def head(*lines):
    first = ("POST / HTTP/1.1", "Host: x", "Content-Type: application/json")
    return "".join(f"{line}\r\n" for line in (*first, *lines, "")).encode()


def test_a_body_in_chunks_is_answered_as_one_in_a_piece(narrow):
    expected = requests.post(narrow.url, data=GOOD, headers=JSON, timeout=30)
    assert expected.status_code == 200
    assert chunked(narrow.url, GOOD[:9], GOOD[9:]).content == expected.content
    fill = MAX_BODY - len(GOOD)
    assert chunked(narrow.url, b" " * fill, GOOD).content == expected.content


@pytest.mark.parametrize("more", [1, 1000, 1_000_000])
def test_a_body_in_chunks_is_no_longer_than_others_may_be(narrow, more):
    fill = MAX_BODY - len(GOOD)
    answer = chunked(narrow.url, GOOD, b" " * fill, b" " * more)
    assert_problem(answer, 413, [], "at most 2,000 are allowed")


def test_a_long_body_is_a_413_that_says_how_long(narrow):
    answer = requests.post(narrow.url, data=b" " * 5000, headers=JSON, timeout=30)
    assert_problem(answer, 413, [], "5,000 bytes", "at most 2,000 are allowed")


def test_no_chunks_are_an_empty_body(narrow):
    assert_problem(chunked(narrow.url), 400, [], "the body is empty")


def test_the_type_is_asked_for_where_curl_says_it_is_a_form(narrow):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = requests.post(narrow.url, data=GOOD, headers=form, timeout=30)
    assert_problem(answer, 415, [], "-H 'Content-Type: application/json'")


@pytest.mark.parametrize(
    "parts",
    [
        (b"garbage\r\n\r\n",),
        (head("Content-Length: -1"), GOOD),
        (head("Content-Length: x"), GOOD),
        (head("Content-Length: 26", "Content-Length: 27"), GOOD),
        (head("Transfer-Encoding: chunked"), b"zz\r\n"),
        (b"GET /v1/\xff HTTP/1.1\r\nHost: x\r\n\r\n",),
        (b"GET /?" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",),
    ],
    ids=range(7),
)
def test_what_is_no_http_is_refused_and_the_server_lives(narrow, parts):
    status = int(raw(narrow.url, *parts).split()[1])
    assert 400 <= status < 500
    assert requests.get(f"{narrow.url}/healthz", timeout=30).status_code == 200


def test_a_client_that_goes_away_in_the_middle_hurts_nobody(narrow):
    address = urlsplit(narrow.url)
    for _ in range(8):
        connection = socket.create_connection((address.hostname, address.port), 10)
        connection.sendall(head("Content-Length: 1000") + GOOD)
        connection.close()
    answer = requests.post(narrow.url, data=GOOD, headers=JSON, timeout=30)
    assert answer.status_code == 200


def test_many_at_once_are_answered_as_one_alone(server):
    pairs = [pair(shop, item) for shop in range(20) for item in range(10)]
    batch = requests.post(server.url, json=pairs, timeout=30).json()["predictions"]

    def ask(one):
        return requests.post(server.url, json=one, timeout=30).json()["prediction"]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, pairs)) == [row["prediction"] for row in batch]


def test_an_error_of_a_real_server_is_a_problem_too(server):
    url = server.url
    assert_problem(requests.get(f"{url}/nope", timeout=30), 404, [], "/nope")
    assert_problem(requests.put(url, timeout=30), 405, [], "GET, HEAD, OPTIONS, POST")
    assert_problem(requests.post(url, json=pair(999, 6), timeout=30), 404, ["/shop_id"])
