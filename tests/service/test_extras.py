"""What an answer tells beside the number: features, reasons, what-ifs."""

import math

import pytest

from feature_store.definitions import FEATURES, GROUPS
from tests.service.clients import good, pair, post
from tests.service.problem_shape import assert_problem

PRICE = "item_id_avg_item_price_lag_1"


@pytest.fixture
def known(rows):
    """A pair that this shop sold."""
    shop_id, item_id = rows[rows.basis == "pair"].index[0]
    return pair(shop_id, item_id)


def test_nothing_more_is_told_than_was_asked_for(client, known):
    answer = good(post(client, known))
    assert not {"features", "explain", "override"} & set(answer)


def test_the_features_are_the_vector_by_name(client, known, rows):
    features = good(post(client, known, "/v1/predict?features=true"))["features"]
    row = rows.loc[known["shop_id"], known["item_id"]]
    assert list(features) == list(FEATURES)
    assert [float(v) for v in features.values()] == pytest.approx(
        [float(row[name]) for name in FEATURES], rel=1e-6
    )


def test_the_features_posted_as_input_give_the_same_number(client, known):
    answer = good(post(client, known, "/v1/predict?features=true"))
    vector = [float(value) for value in answer["features"].values()]
    assert good(post(client, {"input": [vector]}))["resultado"] == [
        answer["prediction"]
    ]


def test_bias_and_contributions_sum_to_the_margin_of_the_prediction(client, known):
    answer = post(client, known, "/v1/predict?explain=true").json
    explain = answer["explain"]
    assert explain["link"] == "exp"
    assert list(explain["contributions"]) == list(FEATURES)
    margin = explain["bias"] + sum(explain["contributions"].values())
    assert margin == pytest.approx(math.log(answer["prediction"]), abs=1e-4)


def test_groups_hold_every_feature_once_and_multiply_to_the_prediction(client, known):
    assert sorted(name for group in GROUPS.values() for name in group) == sorted(
        FEATURES
    )
    answer = post(client, known, "/v1/predict?explain=true").json
    explain = answer["explain"]
    assert list(explain["groups"]) == list(GROUPS)
    product = math.exp(explain["bias"])
    for group in explain["groups"].values():
        assert group["factor"] == pytest.approx(math.exp(group["contribution"]))
        product *= group["factor"]
    assert product == pytest.approx(answer["prediction"], rel=1e-4)


def test_a_what_if_stands_beside_the_unchanged_number(client, known, rows):
    plain = good(post(client, known))
    row = rows.loc[known["shop_id"], known["item_id"]]
    more = {"item_cnt_day_lag_1": float(row["item_cnt_day_lag_1"]) + 15}
    answer = good(post(client, {**known, "override": more}))
    assert answer.pop("override")["prediction"] != plain["prediction"]
    assert answer == plain
    same = {PRICE: float(row[PRICE])}
    answer = good(post(client, {**known, "override": same}))
    assert answer["override"]["prediction"] == plain["prediction"]


def test_a_batch_tells_the_same_and_nothing_of_unknown_pairs(client, known):
    batch = [known, pair(2_000_000, 1), {**known, "override": {PRICE: 1.5}}]
    rows = good(post(client, batch, "/?explain=true&features=true"))["predictions"]
    single = good(post(client, batch[2], "/?explain=true&features=true"))
    assert rows[1] == {
        **batch[1],
        "prediction": None,
        "basis": "unknown_shop",
        "listed": False,
    }
    assert "override" not in rows[0]
    for name in ("features", "explain", "override"):
        assert rows[2][name] == single[name]


def test_an_address_tells_the_same(client, known):
    address = "/v1/predict?shop_id={shop_id}&item_id={item_id}&explain=true"
    by_address = good(client.get(address.format(**known)))
    assert by_address == good(post(client, known, "/v1/predict?explain=true"))


@pytest.mark.parametrize(
    ("override", "pointer"),
    [
        ({"price": 1}, "/override/price"),
        ({"shop_id": 5}, "/override/shop_id"),
        ({PRICE: "5"}, f"/override/{PRICE}"),
        ({PRICE: True}, f"/override/{PRICE}"),
        ({PRICE: 1e39}, f"/override/{PRICE}"),
        ({PRICE: None}, f"/override/{PRICE}"),
        ([1], "/override"),
        (None, "/override"),
    ],
)
def test_an_override_that_is_no_feature_or_no_number_is_a_400(
    client, known, override, pointer
):
    assert_problem(post(client, {**known, "override": override}), 400, [pointer])


@pytest.mark.parametrize(
    ("query", "pointer"),
    [("explain=1", "/explain"), ("features=True", "/features"), ("why=true", "/why")],
)
def test_a_parameter_that_is_not_known_is_a_400(client, known, query, pointer):
    assert_problem(post(client, known, f"/?{query}"), 400, [pointer])


@pytest.mark.parametrize(
    ("count", "query", "status"),
    [
        (100, "explain=true", 200),
        (101, "explain=true", 413),
        (1000, "features=true", 200),
        (1001, "features=true", 413),
        (1001, "features=false", 200),
    ],
)
def test_more_rows_than_can_be_told_of_are_a_413(client, known, count, query, status):
    answer = post(client, [known] * count, f"/?{query}")
    assert answer.status_code == status
    if status == 413:
        assert_problem(answer, 413, [], f"{count:,} rows", "1,000", "100")


def test_overrides_count_as_rows_that_are_told_of(client, known):
    batch = [known] * 1000 + [{**known, "override": {PRICE: 1}}]
    assert_problem(post(client, batch), 413, [], "1,001 rows")
