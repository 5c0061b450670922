"""Features, reasons and what-ifs: told where they are asked for, else not."""

import math

import numpy as np
import pytest

from feature_store.definitions import FEATURES, GROUPS
from tests.model.tiny import built_with
from tests.service.clients import asked, client_of, good, got, pair, post
from tests.service.problem_shape import assert_problem

EVERY = "/v1/predict?features=true&explain=true&interval=true"
BUSY = 2  # of the pairs of `some`, the one that sold most


def floats(named):
    return {name: float(value) for name, value in named.items()}


@pytest.fixture(scope="module")
def some(rows):
    """A pair of each basis, and one that sold much."""
    busy = rows[rows.listed].sort_values("item_cnt_day_lag_1").iloc[-1]
    chosen = [rows[rows.basis == basis].iloc[3] for basis in ("none", "item")]
    chosen += [busy, rows[rows.basis == "pair"].iloc[3]]
    return [pair(row.shop_id, row.item_id) for row in chosen]


def test_nothing_is_told_that_was_not_asked_for(client, some):
    plain = post(client, some[0]).data
    asked_not = post(client, some[0], EVERY.replace("true", "false")).data
    assert plain == asked_not
    told = {"features", "explain", "interval", "override"}
    assert not told & set(asked(client, some[0]))


def test_the_features_are_the_vectors_values_in_its_order(client, build, some):
    for one in some:
        answer = good(post(client, one, "/v1/predict?features=true"))
        found = answer["features"]
        assert list(found) == list(FEATURES)
        position = build.store.position(one["shop_id"], one["item_id"])
        written = np.array([*found.values()], np.float32)
        np.testing.assert_array_equal(written, build.store.vector(position))
        body = {"input": [[float(value) for value in found.values()]]}
        assert asked(client, body)["resultado"] == [answer["prediction"]]


def test_the_contributions_sum_to_the_margin_and_its_link_to_the_prediction(
    client, some
):
    for one in some:
        answer = good(post(client, one, "/v1/predict?explain=true"))
        why = answer["explain"]
        parts = floats(why["contributions"])
        assert list(parts) == list(FEATURES)
        margin = float(why["bias"]) + sum(parts.values())
        assert why["link"] == "exp"
        raw = math.exp(margin)
        assert raw == pytest.approx(float(answer["prediction"]), rel=1e-4)


def test_the_interval_is_the_builds_for_that_prediction(client, build, some):
    for one in some:
        answer = good(post(client, one, "/v1/predict?interval=true"))
        expected = build.intervals.one(float(answer["prediction"]))
        assert floats(answer["interval"]) == {
            "lower": expected.lower,
            "upper": expected.upper,
        }
    assert float(answer["interval"]["lower"]) <= float(answer["interval"]["upper"])


def test_the_groups_sum_the_contributions_and_are_factors_for_people(client, some):
    why = good(post(client, some[BUSY], "/v1/predict?explain=true"))["explain"]
    parts = floats(why["contributions"])
    assert list(why["groups"]) == list(GROUPS)
    for name, group in why["groups"].items():
        total = sum(parts[feature] for feature in GROUPS[name])
        assert float(group["contribution"]) == pytest.approx(total, abs=1e-6)
        assert float(group["factor"]) == pytest.approx(math.exp(total), rel=1e-6)


def test_every_feature_is_in_one_group():
    grouped = [feature for features in GROUPS.values() for feature in features]
    assert sorted(grouped) == sorted(FEATURES)


def test_a_batch_and_an_address_tell_what_a_pair_is_told(client, some):
    batch = good(post(client, some, EVERY))["predictions"]
    for one, row in zip(some, batch, strict=True):
        alone = good(post(client, one, EVERY))
        ids = f"shop_id={one['shop_id']}&item_id={one['item_id']}"
        assert got(client, f"{EVERY}&{ids}") == alone
        assert row["features"] == alone["features"]
        assert row["interval"] == alone["interval"]
        assert floats(row["explain"]["contributions"]) == pytest.approx(
            floats(alone["explain"]["contributions"]), abs=1e-6
        )


def test_an_unknown_pair_of_a_batch_has_nothing_to_tell(client, some):
    body = [pair(999, 6), some[0]]
    unknown, known = good(post(client, body, EVERY))["predictions"]
    assert (unknown["prediction"], unknown["basis"]) == (None, "unknown_shop")
    assert not {"features", "explain", "interval"} & set(unknown)
    assert known["features"]


def test_a_what_if_is_answered_beside_the_unchanged_number(client, build, some):
    one = some[BUSY]
    plain = asked(client, one)
    changed = {"item_cnt_day_lag_1": 0, "item_id_avg_item_price_lag_1": 20000.5}
    answer = asked(client, one | {"override": changed})
    assert {name: answer[name] for name in plain} == plain
    values = build.store.named(build.store.position(one["shop_id"], one["item_id"]))
    body = {"input": [list((values | changed).values())]}
    expected = asked(client, body)["resultado"]
    assert [answer["override"]["prediction"]] == expected
    assert answer["override"]["prediction"] != plain["prediction"]


def test_a_what_if_of_nothing_changes_nothing(client, some):
    answer = asked(client, some[0] | {"override": {}})
    plain = asked(client, some[0])
    assert {name: answer[name] for name in plain} == plain
    if "override" in answer:
        assert answer["override"]["prediction"] == plain["prediction"]


def test_what_ifs_of_a_batch_are_each_rows_own(client, some):
    none = {"override": {"item_cnt_day_lag_1": 0}}
    body = [some[BUSY], some[BUSY] | none, some[0], pair(999, 6) | none]
    rows = asked(client, body)["predictions"]
    assert ["override" in row for row in rows] == [False, True, False, False]
    alone = asked(client, some[BUSY] | none)
    assert rows[1]["override"] == alone["override"]
    assert rows[0]["prediction"] == rows[1]["prediction"]


def test_a_what_if_is_clipped_as_a_prediction_is(client, some):
    huge = {name: 3e38 for name in FEATURES if name.endswith("cnt_day_lag_1")}
    answer = asked(client, some[BUSY] | {"override": huge})
    assert 0 <= float(answer["override"]["prediction"]) <= 20


@pytest.mark.parametrize(
    ("query", "rows", "allowed"),
    [
        ("features=true", 1000, True),
        ("features=true", 1001, False),
        ("interval=true", 1000, True),
        ("interval=true", 1001, False),
        ("explain=true", 100, True),
        ("explain=true", 101, False),
    ],
)
def test_batches_that_ask_for_more_are_shorter(client, query, rows, allowed):
    answer = post(client, [pair(24, 6)] * rows, f"/v1/predict?{query}")
    if allowed:
        assert len(good(answer)["predictions"]) == rows
    else:
        assert_problem(answer, 413, [], f"{rows:,} rows with", "at most 1,000")


def test_what_ifs_are_as_many_as_features(client):
    what_if = pair(24, 6) | {"override": {"item_cnt_day_lag_1": 1}}
    body = [pair(24, 6)] * 1000 + [what_if]
    assert_problem(post(client, body), 413, [], "1,001 rows")


@pytest.mark.parametrize(
    ("query", "pointer", "words"),
    [
        ("features=1", "/features", 'features is "1": expected true or false'),
        ("interval=yes", "/interval", 'interval is "yes": expected true or false'),
        ("explain=", "/explain", 'explain is "": expected true or false'),
        ("why=true", "/why", 'unknown parameter "why"'),
        ("features=true&features=true", "/features", "given 2 times"),
    ],
)
def test_a_wrong_wish_is_a_400(client, query, pointer, words):
    answer = post(client, pair(24, 6), f"/v1/predict?{query}")
    assert_problem(answer, 400, [pointer], words)


def test_without_a_log_link_there_are_no_factors(tiny_data, tmp_path):
    built_with(5.0, tiny_data, tmp_path)
    client = client_of(tmp_path)
    answer = good(post(client, pair(24, 6), "/v1/predict?explain=true"))
    why = answer["explain"]
    assert why["link"] == "identity"
    margin = float(why["bias"]) + sum(floats(why["contributions"]).values())
    assert np.float32(margin) == pytest.approx(float(answer["prediction"]), rel=1e-4)
    assert {group["factor"] for group in why["groups"].values()} == {None}
