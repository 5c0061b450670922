"""A pair, a batch, or vectors asked for: what is answered, and from what."""

import json
import re

import numpy as np
import pytest
import xgboost as xgb

from feature_store.arrays import load_array
from feature_store.definitions import BASIS, FEATURES
from model.artifacts import Build
from tests.model.tiny import build_tiny, built_with, copied
from tests.service.clients import asked, client_of, good, got, pair, post
from tests.service.problem_shape import assert_problem

ANSWER = {
    "shop_id": int,
    "item_id": int,
    "date_block_num": int,
    "month": str,
    "prediction": str,  # a float, as it was written
    "basis": str,
    "listed": bool,
    "model": str,
}
ROW = {name: ANSWER[name] for name in "shop_id item_id prediction basis listed".split()}
PLAIN_NUMBER = re.compile(r"[0-9]+\.[0-9]+(e-[0-9]+)?")
UNKNOWN_SHOP, UNKNOWN_ITEM = 999, 10**6


def types(answer):
    return {name: type(value) for name, value in answer.items()}


def close(digits, expected):
    """Whether written numbers are the booster's, to what a scorer may differ."""
    expected = np.asarray(expected, np.float64)
    found = np.array([float(text) for text in digits])
    return (np.abs(found - expected) <= 1e-5 * np.maximum(1, expected)).all()


def trees(build, vectors):
    """Raw predictions of the pickled booster itself."""
    rows = xgb.DMatrix(np.asarray(vectors), feature_names=list(FEATURES))
    return build.booster.predict(rows)


@pytest.fixture(scope="module")
def thousand(rows, build):
    """A thousand known pairs, some of them repeated; every basis is among them."""
    some = rows.groupby("basis", observed=True).sample(300, random_state=1)
    chosen = some.sample(1000, replace=True, random_state=1)
    return [pair(*ids) for ids in zip(chosen.shop_id, chosen.item_id, strict=True)]


@pytest.mark.parametrize("path", ["/", "/v1/predict"])
@pytest.mark.parametrize("basis", BASIS)
def test_a_pair_is_answered_with_its_prediction_and_what_it_rests_on(
    client, build, rows, basis, path
):
    row = rows[rows.basis == basis].iloc[7]
    answer = good(post(client, pair(row.shop_id, row.item_id), path))
    assert list(types(answer).items()) == list(ANSWER.items())
    assert answer["shop_id"] == row.shop_id
    assert answer["item_id"] == row.item_id
    assert (answer["date_block_num"], answer["month"]) == (34, "2015-11")
    assert (answer["basis"], answer["listed"]) == (basis, row.listed)
    assert answer["model"] == build.manifest.version == build.folder.name
    vector = row[list(FEATURES)].to_numpy(np.float32)[np.newaxis]
    assert close([answer["prediction"]], trees(build, vector).clip(0, 20))


@pytest.mark.parametrize("listed", [True, False])
def test_an_answer_says_whether_its_pair_is_listed(client, rows, listed):
    row = rows[rows.listed == listed].iloc[3]
    assert asked(client, pair(row.shop_id, row.item_id))["listed"] is listed


def test_a_batch_is_answered_in_its_order_with_repeats_and_unknown_ids(client):
    batch = [
        pair(24, 6),
        pair(UNKNOWN_SHOP, 6),
        pair(5, 7),
        pair(24, UNKNOWN_ITEM),
        pair(24, 6),
        pair(UNKNOWN_SHOP, UNKNOWN_ITEM),
    ]
    answer = asked(client, batch)
    found = answer["predictions"]
    assert list(answer) == ["date_block_num", "month", "model", "predictions"]
    assert [pair(row["shop_id"], row["item_id"]) for row in found] == batch
    assert types(found[0]) == types(found[2]) == ROW
    assert found[0] == found[4]
    unknown = [(row["prediction"], row["basis"], row["listed"]) for row in found]
    assert unknown[1] == (None, "unknown_shop", False)
    assert unknown[3] == (None, "unknown_item", False)
    assert unknown[5] == (None, "unknown_shop", False)


def test_an_empty_list_is_a_batch_with_an_empty_answer(client, build):
    assert asked(client, []) == {
        "date_block_num": 34,
        "month": "2015-11",
        "model": build.manifest.version,
        "predictions": [],
    }


def test_a_pair_that_was_not_built_is_unknown_though_both_ids_are_known(
    tiny_artifacts,
):
    client = client_of(tiny_artifacts)
    store = Build.open((tiny_artifacts / "current").resolve()).store
    shop, other = store.shops[0], store.shops[-1]
    missing = next(i for i in range(100) if i not in store.items)
    found = asked(client, [pair(shop, store.items[0]), pair(other, missing)])
    assert [row["basis"] for row in found["predictions"]][1] == "unknown_item"
    assert_problem(post(client, pair(shop, missing)), 404, ["/item_id"], str(missing))


def test_a_pair_left_out_of_the_pairs_file_is_an_unknown_pair(tiny_data, tmp_path):
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("shop_id,item_id\n24,1\n5,2\n")
    build_tiny(tiny_data, tmp_path / "artifacts", pairs=str(pairs))
    client = client_of(tmp_path / "artifacts")
    found = asked(client, [pair(24, 1), pair(24, 2), pair(5, 2)])["predictions"]
    assert [row["prediction"] is None for row in found] == [False, True, False]
    assert (found[1]["basis"], found[1]["listed"]) == ("unknown_pair", False)
    assert found[0]["listed"]
    assert_problem(post(client, pair(24, 2)), 404, ["/shop_id", "/item_id"])


@pytest.mark.parametrize("number", range(3))
def test_the_originals_published_requests_are_answered_to_the_letter(
    client, build, original_requests, number
):
    request = original_requests["requests"][number]
    sent = json.dumps(request, indent=1).encode()  # no compact JSON, as it stands
    as_sent = sent[sent.index(b"[") : sent.rindex(b"]") + 1]
    answer = post(client, sent, "/")
    before, _, after = answer.data.partition(as_sent)
    assert answer.status_code == 200
    assert before == b'{"parameters":'
    assert re.fullmatch(rb',"resultado":\[[^]]*\]\}', after)
    digits = json.loads(answer.data, parse_float=str)["resultado"]
    assert close(digits, trees(build, np.array(request["input"], np.float32)))


def test_no_vectors_are_answered_with_no_predictions(client):
    assert post(client, b'{"input": [ ]}').data == b'{"parameters":[ ],"resultado":[]}'


def test_a_json_key_may_be_written_with_escapes(client):
    assert asked(client, b'{"sh\\u006fp_id":24,"item_id":6}')["shop_id"] == 24
    assert asked(client, b'{"\\u0069nput":[]}') == {"parameters": [], "resultado": []}


def test_numbers_are_the_same_on_every_path(client, build, thousand):
    batch = asked(client, thousand)["predictions"]
    digits = [row["prediction"] for row in batch]
    assert digits == [asked(client, one)["prediction"] for one in thousand]
    assert digits == [
        got(client, "/v1/predict?shop_id={shop_id}&item_id={item_id}".format(**one))[
            "prediction"
        ]
        for one in thousand
    ]
    store = build.store
    named = [
        store.named(store.position(one["shop_id"], one["item_id"])) for one in thousand
    ]
    vectors = [[values[name] for name in FEATURES] for values in named]
    assert digits == asked(client, {"input": vectors})["resultado"]
    assert close(digits, trees(build, np.array(vectors, np.float32)))


def test_numbers_have_the_shortest_digits_of_their_float32(client, thousand):
    batch = asked(client, thousand)["predictions"]
    for digits in {row["prediction"] for row in batch}:
        assert PLAIN_NUMBER.fullmatch(digits)
        assert float(digits) == float(str(np.float32(digits)))


@pytest.mark.parametrize(("base_score", "prediction"), [(50.0, "20.0"), (-50.0, "0.0")])
def test_predictions_are_clipped_to_0_to_20_and_raw_ones_are_not(
    tiny_data, tmp_path, base_score, prediction
):
    built_with(base_score, tiny_data, tmp_path)
    client = client_of(tmp_path)
    assert asked(client, pair(24, 6))["prediction"] == prediction
    found = asked(client, [pair(24, 6), pair(5, 7)])["predictions"]
    assert [row["prediction"] for row in found] == [prediction] * 2
    raw = asked(client, {"input": [[1.0] * 44] * 2})["resultado"]
    assert [round(float(text)) for text in raw] == pytest.approx([base_score] * 2, 0.05)


def test_changing_a_value_of_the_vector_in_memory_changes_the_answer(
    small_artifacts, rows, monkeypatch
):
    """There is no table of ready predictions."""
    memory = {}

    def kept(path):
        memory[path.stem] = np.array(load_array(path))
        return memory[path.stem]

    monkeypatch.setattr("feature_store.lookup.load_array", kept)
    client = client_of(small_artifacts)
    busy = rows[rows.listed].sort_values("item_cnt_day_lag_1").iloc[-1]
    one = pair(busy.shop_id, busy.item_id)
    before = asked(client, one)["prediction"]
    shop, item = (
        np.flatnonzero(memory[name] == busy[key]).item()
        for name, key in (("shops", "shop_id"), ("items", "item_id"))
    )
    lags = memory["lags"][memory["rows"][shop, item]]
    value = FEATURES[4:].index("item_cnt_day_lag_1")
    assert lags[value] == busy.item_cnt_day_lag_1
    lags[value] = 0
    after = asked(client, one)["prediction"]
    assert float(after) < float(before)
    assert asked(client, [one])["predictions"][0]["prediction"] == after


def test_the_vector_of_a_pair_is_its_row_of_the_feature_store(build, rows):
    store = build.store
    some = rows.sample(500, random_state=1)
    expected = some[list(FEATURES)].to_numpy(np.float32)
    positions = [store.position(*ids) for ids in some.index]
    np.testing.assert_array_equal(store.vectors(np.array(positions)), expected)
    np.testing.assert_array_equal([store.vector(p) for p in positions], expected)


def test_one_batch_is_answered_by_one_build(tiny_artifacts, tiny_data, tmp_path):
    artifacts, first = copied(tiny_artifacts, tmp_path / "artifacts")
    client = client_of(artifacts)
    batch = [pair(24, Build.open(first).store.items[0])] * 50
    known = {first.name: asked(client, batch[0])["prediction"]}
    _, second = built_with(20.0, tiny_data, artifacts)
    known[second.name] = asked(client_of(artifacts), batch[0])["prediction"]
    assert len(set(known.values())) == 2
    for _ in range(5):
        answer = asked(client, batch)
        numbers = {row["prediction"] for row in answer["predictions"]}
        assert numbers == {known[answer["model"]]}


def test_an_answer_can_be_had_for_an_address_bar(client):
    assert got(client, "/v1/predict?item_id=6&shop_id=24") == asked(client, pair(24, 6))
