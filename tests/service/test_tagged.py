"""What a client may keep: asked for each time, sent once a build."""

import pytest

from tests.model.tiny import build_tiny, copied
from tests.service.clients import client_of, pair, post
from tests.service.problem_shape import assert_problem

LISTS = [
    "/v1/shops",
    "/v1/categories",
    "/v1/items?q=a",
    "/v1/shops/24/items/6",
    "/v1/shops/24/top?limit=2",
    "/v1/items/6/shops",
    "/v1/model",
    "/openapi.json",
    "/docs",
]
CSV = {"Accept": "text/csv"}


def ask(client, address, tag=None, **headers):
    if tag is not None:
        headers["If-None-Match"] = tag
    return client.get(address, headers=headers)


@pytest.mark.parametrize("address", [*LISTS, "/v1/features"])
def test_what_has_not_changed_is_not_sent_again(client, address):
    first = ask(client, address)
    assert first.status_code == 200
    assert first.headers["Cache-Control"] == "no-cache"
    tag = first.headers["ETag"]
    for known in (tag, f"W/{tag}", f'"x", {tag}'):
        again = ask(client, address, known)
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == tag
        assert again.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("tag", ['"x"', "*", "x", ""])
def test_what_is_not_known_is_sent(client, tag):
    assert ask(client, "/v1/shops", tag).status_code == 200


@pytest.mark.parametrize("address", LISTS)
def test_another_build_is_another_answer(tiny_artifacts, tiny_data, tmp_path, address):
    artifacts, _ = copied(tiny_artifacts, tmp_path / "artifacts")
    client = client_of(artifacts)
    address = address.replace("/6", "/1")
    tag = ask(client, address).headers["ETag"]
    build_tiny(tiny_data, artifacts, pairs="test", month=9)
    client.application.extensions["served"].look()
    again = ask(client, address, tag)
    assert again.status_code == 200
    assert again.headers["ETag"] != tag


def test_a_refused_build_is_told_at_once(tiny_artifacts, tiny_data, tmp_path):
    artifacts, _ = copied(tiny_artifacts, tmp_path / "artifacts")
    client = client_of(artifacts)
    tags = {a: ask(client, a).headers["ETag"] for a in ("/v1/model", "/v1/shops")}
    _, folder = build_tiny(tiny_data, artifacts, pairs="test", month=9)
    (folder / "model.pkl").write_bytes(b"")
    client.application.extensions["served"].look()
    again = ask(client, "/v1/model", tags["/v1/model"])
    assert again.status_code == 200
    assert again.json["refused"]["version"] == folder.name
    assert ask(client, "/v1/shops", tags["/v1/shops"]).status_code == 304


@pytest.mark.parametrize("address", ["/v1/shops/24/top", "/v1/items/6/shops"])
def test_a_list_as_csv_is_another_answer_than_as_json(client, address):
    as_json, as_csv = ask(client, address), ask(client, address, **CSV)
    assert as_json.headers["ETag"] != as_csv.headers["ETag"]
    assert as_json.headers["Vary"] == as_csv.headers["Vary"] == "Accept"
    assert ask(client, address, as_json.headers["ETag"], **CSV).status_code == 200


def test_predictions_and_health_are_not_to_be_kept(client):
    for address in ("/v1/predict?shop_id=24&item_id=6", "/healthz", "/readyz"):
        answer = ask(client, address)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "ETag" not in answer.headers
    assert "ETag" not in post(client, pair(24, 6)).headers


def test_an_error_is_not_to_be_kept(client):
    tag = ask(client, "/v1/shops/24/top").headers["ETag"]
    answer = ask(client, "/v1/shops/999/top", "*")
    assert_problem(answer, 404)
    assert answer.headers["Cache-Control"] == "no-store"
    assert_problem(ask(client, "/v1/shops/24/top?limit=x", tag), 400)
