"""What every request passes: ids, keys, other origins, and the last resort."""

import re

import pytest

from service.problems import FAILED
from tests.service.clients import client_of, pair, post
from tests.service.problem_shape import assert_problem

KEYS = "first-key,second.key"
ORIGIN = "https://shop.example"
CLOSED = [
    ("GET", "/v1/shops"),
    ("GET", "/v1/model"),
    ("GET", "/v1/predict?shop_id=24&item_id=6"),
    ("GET", "/metrics"),
    ("GET", "/nope"),
    ("POST", "/"),
    ("POST", "/v1/predict"),
    ("DELETE", "/healthz"),
]
OPEN = ["/", "/healthz", "/readyz", "/page/app.js", "/page/style.css"]
WRONG = [
    (None, "no API key"),
    ("Bearer", "not one of those"),
    ("Bearer ", "not one of those"),
    ("Bearer first-ke", "not one of those"),
    ("Bearer first-key,second.key", "not one of those"),
    ("Bearer FIRST-KEY", "not one of those"),
    ("Bearer кей", "not one of those"),
    ("Basic first-key", "no API key"),
    ("first-key", "no API key"),
]
ANSWERS = [
    ("GET", "/healthz", 200),
    ("GET", "/", 200),
    ("GET", "/page/app.js", 200),
    ("GET", "/nope", 404),
    ("PUT", "/", 405),
    ("POST", "/", 415),
    ("GET", "/v1/items?x=1", 400),
]


@pytest.fixture(scope="module")
def keyed(small_artifacts):
    return client_of(small_artifacts, SALES_API_KEY=KEYS)


@pytest.fixture(scope="module")
def shared(small_artifacts):
    return client_of(small_artifacts, SALES_CORS=f"http://localhost:8080, {ORIGIN}")


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize("given", ["a", "A-Z_0.9", "x" * 128])
def test_a_plain_request_id_comes_back(client, given):
    headers = {"X-Request-Id": given}
    for answer in (
        client.post("/", json=pair(24, 6), headers=headers),
        client.get("/nope", headers=headers),
    ):
        assert answer.headers.getlist("X-Request-Id") == [given]


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "ä", "a;b", "a\tb", None])
def test_any_other_request_id_is_replaced(client, given):
    headers = {} if given is None else {"X-Request-Id": given}
    found = {
        client.get("/healthz", headers=headers).headers["X-Request-Id"]
        for _ in range(3)
    }
    assert len(found) == 3
    assert all(re.fullmatch("[0-9a-f]{16}", one) for one in found)


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_every_answer_has_an_id(client, method, path, status):
    answer = client.open(path, method=method)
    assert answer.status_code == status
    assert answer.headers["X-Request-Id"]


def test_a_file_that_has_not_changed_has_an_id_too(client):
    tag = client.get("/page/app.js").headers["ETag"]
    answer = client.get("/page/app.js", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["X-Request-Id"]


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_without_a_key_nothing_is_told(keyed, method, path):
    answer = keyed.open(path, method=method, json=pair(24, 6))
    assert_problem(answer, 401, [], "-H 'Authorization: Bearer KEY'")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["X-Request-Id"]


@pytest.mark.parametrize(("given", "words"), WRONG)
def test_a_wrong_key_is_a_401_that_does_not_repeat_it(keyed, given, words):
    headers = {} if given is None else {"Authorization": given}
    answer = keyed.post("/", json=pair(24, 6), headers=headers)
    detail = assert_problem(answer, 401, [], words)["detail"]
    assert "first" not in detail.lower()


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
@pytest.mark.parametrize("key", KEYS.split(","))
def test_each_key_opens_all(keyed, key, scheme):
    headers = {"Authorization": f"{scheme} {key}"}
    for method, path in CLOSED[:4] + CLOSED[5:7]:
        answer = keyed.open(path, method=method, json=pair(24, 6), headers=headers)
        assert answer.status_code == 200


@pytest.mark.parametrize("path", OPEN)
def test_health_and_the_page_itself_need_no_key(keyed, path):
    assert keyed.get(path).status_code == 200
    assert keyed.head(path).status_code == 200


def test_where_no_key_is_set_none_is_looked_at(client):
    answer = client.post("/", json=pair(24, 6), headers=bearer("anything"))
    assert answer.status_code == 200


def test_without_origins_no_answer_speaks_of_them(client):
    answer = client.get("/v1/shops", headers={"Origin": ORIGIN})
    assert not [name for name, _ in answer.headers if name.startswith("Access-")]


@pytest.mark.parametrize(
    ("method", "path", "status"), [("POST", "/", 200), ("GET", "/nope", 404)]
)
def test_a_named_origin_may_read_every_answer(shared, method, path, status):
    headers = {"Origin": ORIGIN}
    answer = shared.open(path, method=method, json=pair(24, 6), headers=headers)
    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Origin" in answer.headers["Vary"]
    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"X-Request-Id", "Salespredictor-Not-Found"} <= set(exposed)


@pytest.mark.parametrize("origin", ["https://other.example", "null", "", None])
def test_another_origin_may_not(shared, origin):
    headers = {} if origin is None else {"Origin": origin}
    answer = shared.post("/", json=pair(24, 6), headers=headers)
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Origin" in answer.headers["Vary"]


def test_a_browser_that_asks_first_is_told_what_it_may_send(small_artifacts):
    client = client_of(small_artifacts, SALES_CORS=ORIGIN, SALES_API_KEY=KEYS)
    asks = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    answer = client.options("/v1/predict", headers=asks)
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    allowed = answer.headers["Access-Control-Allow-Headers"].split(", ")
    assert {"Authorization", "Content-Type", "X-Request-Id"} <= set(allowed)


def test_another_page_that_asks_first_is_told_nothing(shared):
    asks = {"Origin": "https://x.example", "Access-Control-Request-Method": "POST"}
    answer = shared.options("/v1/predict", headers=asks)
    assert not [name for name, _ in answer.headers if name.startswith("Access-")]


@pytest.mark.parametrize("content_type", ["application/json", "application/json;"])
def test_what_nobody_expected_is_a_500_without_a_traceback(
    small_artifacts, monkeypatch, content_type
):
    client = client_of(small_artifacts)

    def fail(*_):
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("service.answers.Predictor.one", fail)
    answer = post(client, pair(24, 6), content_type=content_type)
    body = assert_problem(answer, 500, [], FAILED)
    assert list(body) == ["type", "title", "status", "detail"]
    assert b"secret" not in answer.data
    assert answer.headers["X-Request-Id"]
