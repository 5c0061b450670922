"""What no route asked for: still problem details, never a traceback."""

import pytest

from tests.service.clients import pair
from tests.service.problem_shape import assert_problem

NOWHERE = [
    "/nope",
    "/v1",
    "/v1/",
    "/v1/shops/",
    "/v1/predict/",
    "/v1/shops/24",
    "/v1/%ff",
    "/v2/predict",
    "/page/nope.js",
    "/page/../app.py",
    "/page/..%2fapp.py",
    "/artifacts/current/manifest.json",
]
WRONG_METHODS = [
    ("DELETE", "/", "GET, HEAD, OPTIONS, POST"),
    ("PUT", "/v1/predict", "GET, HEAD, OPTIONS, POST"),
    ("PATCH", "/v1/predict", "GET, HEAD, OPTIONS, POST"),
    ("TRACE", "/v1/predict", "GET, HEAD, OPTIONS, POST"),
    ("POST", "/v1/shops", "GET, HEAD, OPTIONS"),
    ("POST", "/readyz", "GET, HEAD, OPTIONS"),
]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", NOWHERE)
def test_an_unknown_address_is_a_404_that_names_it(client, path, method):
    answer = client.open(path, method=method, json=pair(24, 6))
    assert answer.status_code in (404, 405)
    assert_problem(answer, answer.status_code, [], path[:4])


@pytest.mark.parametrize(("method", "path", "allowed"), WRONG_METHODS)
def test_a_wrong_method_is_a_405_that_says_which_are_right(
    client, method, path, allowed
):
    answer = client.open(path, method=method)
    words = f"{path} does not take {method}; it takes {allowed}"
    assert_problem(answer, 405, [], words)
    assert sorted(answer.headers["Allow"].split(", ")) == allowed.split(", ")


def test_head_is_get_without_a_body(client):
    for path in ("/v1/shops", "/readyz"):
        answer = client.head(path)
        assert (answer.status_code, answer.data) == (200, b"")
        assert int(answer.headers["Content-Length"]) == len(client.get(path).data)
