"""What an attacker would send to a real server: refused, bounded, and told nothing."""

import socket
import time
from urllib.parse import urlsplit

import pytest
import requests

from tests.conftest import running_server

# What an attacker looks for in an answer: other headers, and what is on the disk.
STOLEN = (b"\r\nset-cookie:", b"root:x:0", b"SALES_ARTIFACTS", b"Traceback")
SOON = 10  # seconds; a quiet machine needs hundredths
GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture(scope="module")
def one(tiny_artifacts):
    with running_server(tiny_artifacts, "--workers", "1") as found:
        yield found


def answered(server, sent):
    """The status of the answer to raw bytes (0: none, and closed) and all of it."""
    if b"Content-Length" not in sent:
        sent = sent.replace(b"Host: x", b"Host: x\r\nConnection: close", 1)
    address = urlsplit(server.url)
    started, got = time.monotonic(), b""
    with socket.create_connection((address.hostname, address.port), SOON) as connection:
        try:
            connection.sendall(sent)
            while piece := connection.recv(1 << 16):
                got += piece
        except ConnectionError:  # it was refused before it was all sent
            pass
    assert time.monotonic() - started < SOON
    assert not [word for word in STOLEN if word in got.lower()]
    return int(got.split()[1]) if got else 0, got


def header(name, value):
    return GET + name + b": " + value + b"\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "statuses"),
    [
        (b"GET /v1/items?q=" + b"a" * 60_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", [200]),
        (b"GET /?" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", [414]),
        (b"GET /?" + b"a" * 10_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", [431, 0]),
        (b"GET /?" + b"&a=1" * 10_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", [200, 400]),
        (GET + b"".join(b"X-%d: y\r\n" % i for i in range(1000)) + b"\r\n", [431]),
        (header(b"X-A", b"a" * 1_000_000), [431, 0]),
        (header(b"X" * 1_000_000, b"a"), [431, 0]),
        (header(b"Authorization", b"Bearer " + b"a" * 1_000_000), [431, 0]),
    ],
    ids=["url", "long url", "huge url", "query", "many", "value", "name", "key"],
)
def test_what_is_too_long_is_refused_at_once(one, sent, statuses):
    assert answered(one, sent)[0] in statuses
    assert requests.get(f"{one.url}/healthz", timeout=SOON).status_code == 200


@pytest.mark.parametrize(
    "value",
    [
        b"a\r\n b",
        b"a\rSet-Cookie: b",
        b"a\0b",
        b"\xe2\x80\xa8",
        b"a%0d%0aSet-Cookie: b",
    ],
)
def test_a_request_id_sets_no_header(one, value):
    status, answer = answered(one, header(b"X-Request-Id", value))
    assert status in (200, 400)
    assert value not in answer


@pytest.mark.parametrize("name", ["Origin", "Accept", "Accept-Encoding", "Range"])
def test_no_other_header_sets_one(one, name):
    value = b"a%0d%0aSet-Cookie: b"
    sent = b"GET / HTTP/1.1\r\nHost: x\r\n%s: %s\r\n\r\n" % (name.encode(), value)
    status, answer = answered(one, sent)
    assert status in (200, 206, 400, 416)
    assert value not in answer


@pytest.mark.parametrize(
    "path",
    [
        b"/%0d%0aSet-Cookie:%20a=b",
        b"/page/%0d%0aSet-Cookie:%20a=b",
        b"/v1/shops/%0d%0aSet-Cookie:%20a=b/top",
        b"/page/../../../../../../etc/passwd",
        b"/page/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        b"/page/..%2f..%2f..%2f..%2fetc/passwd",
        b"/page/..%5c..%5csettings.py",
        b"/page/%00",
        b"/artifacts/current/model.pkl",
        b"//evil.example/",
        b"/.git/config",
    ],
)
def test_no_path_leads_out_or_sets_a_header(one, path):
    status, answer = answered(one, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert status in (400, 404)
    assert b"\r\nlocation:" not in answer.lower()


@pytest.mark.parametrize("path", ["/page//etc/passwd", "/page///evil.example/"])
def test_a_redirect_leads_to_this_server(one, path):
    answer = requests.get(one.url + path, allow_redirects=False, timeout=SOON)
    assert answer.status_code in (308, 404)
    assert answer.headers.get("Location", one.url).startswith(one.url)


def test_two_lengths_of_one_body_are_not_both_believed(one):
    """A second request must not hide in the first one's body."""
    hidden = b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"
    sent = (
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    )
    _, answer = answered(one, sent % (len(hidden) + 5) + hidden)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in answer.lower()


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/v1/model", "/nope"])
def test_every_answer_keeps_to_its_type_and_names_no_version(one, method, path):
    sent = {"X-Secret": "told to nobody"}
    answer = requests.request(method, one.url + path, headers=sent, timeout=SOON)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not any(digit in answer.headers.get("Server", "") for digit in "0123456789")
    assert "X-Powered-By" not in answer.headers
    assert "told to nobody" not in answer.text


@pytest.mark.parametrize("path", ["/", "/page/app.js", "/page/style.css"])
def test_the_page_runs_what_comes_with_it_and_nothing_else(one, path):
    headers = requests.get(one.url + path, timeout=SOON).headers
    policy = dict(
        part.strip().split(" ", 1)
        for part in headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert not set(policy) & {"script-src", "style-src", "connect-src"}
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "unsafe" not in headers["Content-Security-Policy"]


def test_nothing_is_debugged(one):
    for query in ("?__debugger__=yes&cmd=resource&f=style.css", "?debug=1"):
        answer = requests.get(f"{one.url}/nope{query}", timeout=SOON)
        assert answer.status_code == 404
        assert "debug" not in answer.text.lower()
    answer = requests.get(f"{one.url}/console", timeout=SOON)
    assert answer.status_code == 404
