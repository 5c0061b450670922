"""The short way and the long one give the same answer to the same question."""

import pytest

from tests.service.clients import pair, post

GOOD = b'{"shop_id":24,"item_id":6}'
JSON = "application/json"


def both(client, body, path="/v1/predict"):
    """The answer of the short way, and of Flask, which takes every charset."""
    return post(client, body, path), post(client, body, path, f"{JSON}; charset=utf-8")


@pytest.mark.parametrize("path", ["/", "/v1/predict"])
@pytest.mark.parametrize(
    "body",
    [
        GOOD,
        b' {"item_id" : 6,\n"shop_id":24}\t',
        b'{"shop_id":24,"item_id":6,"override":{"item_cnt_day_lag_1":3}}',
        GOOD + b" " * 2000,
        b'[{"shop_id":24,"item_id":6}]',
        b"[]",
        b'{"input":[]}',
        b"",
        b"{",
        b'{"shop_id":24}',
        b'{"shop_id":24,"item_id":true}',
        b'{"shop_id":24,"item_id":6,"more":1}',
        b'{"shop_id":999,"item_id":6}',
        b"\xff",
    ],
)
def test_both_ways_answer_the_same(client, body, path):
    short, long = both(client, body, path)
    assert (short.status, short.data) == (long.status, long.data)
    assert short.headers["Content-Type"] == long.headers["Content-Type"]
    assert short.headers["Content-Length"] == long.headers["Content-Length"]


@pytest.mark.parametrize("accept", ["*/*", JSON, "text/html", "text/csv", "image/png"])
def test_what_a_client_accepts_changes_nothing_for_one_pair(client, accept):
    answer = client.post("/", data=GOOD, content_type=JSON, headers={"Accept": accept})
    assert (answer.status_code, answer.data) == (200, post(client, GOOD).data)


def test_what_stands_in_the_address_is_answered_by_the_long_way(client):
    answer = client.post("/?features=true", json=pair(24, 6))
    assert len(answer.get_json()["features"]) == 44
    assert client.post("/?x=1", json=pair(24, 6)).status_code == 400
