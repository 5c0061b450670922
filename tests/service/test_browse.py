"""Shops, items, a pair's past and top lists, looked up by address."""

from dataclasses import replace

import numpy as np
import pytest

from feature_store.catalogue import Catalogue, Item
from feature_store.definitions import FEATURES
from service.answers import Predictor
from service.browse import Browser
from tests.service.clients import asked, client_of, got, pair
from tests.service.problem_shape import assert_problem

NAMES = {
    0: "Ёлка новогодняя, 120 см",
    3: "Гирлянда ЁЛКА",
    7: "Диск, игра про 3 елки",
    30: "PlayStation 4 Slim",
    31: "Игра для PlayStation 3",
    300: "Кабель 3 м",
}
SEARCHES = [
    ("", [3, 7, 31, 300, 30, 0]),
    ("   ", [3, 7, 31, 300, 30, 0]),
    ("playstation", [30, 31]),
    ("PLAYSTATION", [30, 31]),
    ("station play", [31, 30]),
    ("игра PLAYSTATION", [31]),
    ("игр 3", [7, 31]),
    ("елк", [0, 3, 7]),
    ("ёлк", [0, 3, 7]),
    ("ЕЛКА", [0, 3]),
    (" слово ", []),
    ("3", [3, 7, 31, 300]),
    ("30", [30]),
    ("300", [300]),
    ("0", [0]),
    ("²", []),
    ("9" * 5000, []),
    ("%", []),
    ("_", []),
    ('"', []),
    ("\x00", []),
]


def total(rows):
    return sum(float(row["prediction"]) for row in rows)


@pytest.fixture(scope="module")
def names(build):
    """A browser over names of our own."""
    items = {
        id_: Item(name, 1 if "PlayStation" in name else 2)
        for id_, name in NAMES.items()
    }
    catalogue = Catalogue({24: "Магазин"}, items, {1: "Консоли", 2: "Прочее"})
    return Browser(Predictor(replace(build, catalogue=catalogue)))


def found_ids(found):
    return [item.item_id for item in found.items]


@pytest.mark.parametrize(("q", "expected"), SEARCHES)
def test_items_are_found_by_every_word_of_their_name_or_by_id(names, q, expected):
    found = names.search(q, None, 50, 0)
    assert sorted(found_ids(found)) == sorted(expected)
    assert found.total == len(expected)


@pytest.mark.parametrize(
    ("q", "first"), [("3", [3]), ("30", [30]), ("елк", [0]), ("playstation", [30, 31])]
)
def test_an_id_comes_first_then_names_that_begin_so(names, q, first):
    assert found_ids(names.search(q, None, 50, 0))[: len(first)] == first


def test_a_search_can_be_kept_to_a_category(names):
    assert sorted(found_ids(names.search("3", 1, 50, 0))) == [31]
    assert found_ids(names.search("", 5, 50, 0)) == []


def test_pages_of_a_search_join_to_the_whole(client):
    whole = got(client, "/v1/items?limit=1000")
    assert whole["total"] == len(whole["items"]) == 300
    pages = [got(client, f"/v1/items?limit=70&offset={at}") for at in range(0, 350, 70)]
    assert [len(page["items"]) for page in pages] == [70, 70, 70, 70, 20]
    assert [item for page in pages for item in page["items"]] == whole["items"]
    assert got(client, "/v1/items?offset=1000000000") == {"total": 300, "items": []}


def test_a_found_item_is_named_with_its_category(client, build):
    item = build.catalogue.items[6]
    assert got(client, "/v1/items?q=6&limit=1")["items"] == [
        {
            "item_id": 6,
            "name": item.name,
            "category_id": item.category_id,
            "category": build.catalogue.categories[item.category_id],
        }
    ]


def test_every_shop_is_listed_with_how_many_items_it_is_to_sell(client, build, rows):
    answer = got(client, "/v1/shops")
    listed = rows.groupby(level="shop_id").listed.sum()
    assert answer["total"] == len(answer["shops"]) == 60
    assert answer["shops"] == [
        {"shop_id": id_, "name": name, "listed": listed[id_]}
        for id_, name in build.catalogue.shops.items()
    ]


def test_every_category_is_listed(client, build):
    answer = got(client, "/v1/categories")
    assert answer["total"] == len(answer["categories"]) == 84
    assert {c["category_id"]: c["name"] for c in answer["categories"]} == (
        build.catalogue.categories
    )


def test_a_pair_is_shown_with_its_names_its_past_and_its_prediction(
    client, build, rows
):
    busy = rows[rows.listed].sort_values("item_cnt_day_lag_1").iloc[-1]
    shop, item = int(busy.shop_id), int(busy.item_id)
    view = got(client, f"/v1/shops/{shop}/items/{item}")
    one = asked(client, pair(shop, item))
    assert {name: view[name] for name in one if "_id" not in name} == {
        name: value for name, value in one.items() if "_id" not in name
    }
    told = got(client, f"/v1/predict?shop_id={shop}&item_id={item}&interval=true")
    assert view["interval"] == told["interval"]
    assert view["shop"]["name"] == build.catalogue.shops[shop]
    assert view["item"]["name"] == build.catalogue.items[item].name
    assert view["item"]["category_id"] == busy.item_category_id


def test_a_pairs_past_is_every_month_and_agrees_with_its_lags(client, rows):
    busy = rows[rows.listed].sort_values("item_cnt_day_lag_1").iloc[-1]
    view = got(client, f"/v1/shops/{busy.shop_id}/items/{busy.item_id}")
    past = view["history"]
    assert [month["date_block_num"] for month in past] == list(range(34))
    assert (past[0]["month"], past[-1]["month"]) == ("2013-01", "2015-10")
    units = [float(month["units"]) for month in past]
    for lag in (1, 2, 3, 6):
        assert units[-lag] == busy[f"item_cnt_day_lag_{lag}"]
    assert float(view["last_month"]) == units[33]
    assert float(view["same_month_last_year"]) == units[22]


def test_short_data_have_no_same_month_last_year(tiny_artifacts):
    client = client_of(tiny_artifacts)
    top = got(client, "/v1/shops/24/top?limit=1")["items"][0]
    assert top["same_month_last_year"] is None
    assert top["last_month"] is not None
    view = got(client, f"/v1/shops/24/items/{top['item_id']}")
    assert view["same_month_last_year"] is None
    assert [month["month"] for month in view["history"]][::9] == ["2013-01", "2013-10"]


def test_a_shops_top_list_is_its_listed_items_most_first(client, rows):
    answer = got(client, "/v1/shops/24/top?limit=1000")
    listed = rows.loc[24][lambda shop: shop.listed]
    assert answer["listed"] == len(answer["items"]) == len(listed) > 0
    assert {row["item_id"] for row in answer["items"]} == set(listed.item_id)
    units = [float(row["prediction"]) for row in answer["items"]]
    assert units == sorted(units, reverse=True)
    assert float(answer["units"]) == pytest.approx(total(answer["items"]), rel=1e-6)


def test_a_top_list_says_what_a_batch_says(client):
    items = got(client, "/v1/shops/24/top?limit=20")["items"]
    batch = asked(client, [pair(24, row["item_id"]) for row in items])["predictions"]
    assert [row["prediction"] for row in items] == [row["prediction"] for row in batch]
    assert [row["basis"] for row in items] == [row["basis"] for row in batch]


def test_a_top_list_counts_last_month_beside_each_number(client, rows):
    for row in got(client, "/v1/shops/24/top?limit=20")["items"]:
        expected = rows.loc[24, row["item_id"]].item_cnt_day_lag_1
        assert float(row["last_month"]) == expected


def test_a_page_of_a_top_list_has_the_whole_lists_total(client):
    whole = got(client, "/v1/shops/24/top?limit=1000")
    page = got(client, "/v1/shops/24/top?limit=5&offset=3")
    assert page["items"] == whole["items"][3:8]
    assert (page["listed"], page["units"]) == (whole["listed"], whole["units"])


def test_a_top_list_can_be_kept_to_a_category(client):
    whole = got(client, "/v1/shops/24/top?limit=1000")["items"]
    category = whole[0]["category_id"]
    kept = got(client, f"/v1/shops/24/top?limit=1000&category={category}")
    same = [row for row in whole if row["category_id"] == category]
    assert kept["items"] == same
    assert kept["listed"] == len(same)
    assert float(kept["units"]) == pytest.approx(total(same), rel=1e-6)


def test_a_shop_that_is_to_sell_nothing_has_an_empty_top_list(client, rows):
    empty = rows.groupby(level="shop_id").listed.sum().idxmin()
    answer = got(client, f"/v1/shops/{empty}/top")
    assert (answer["listed"], answer["units"], answer["items"]) == (0, "0.0", [])


def test_an_item_everywhere_is_every_shop_and_the_total_of_the_listed(client, rows):
    answer = got(client, "/v1/items/6/shops")
    assert {row["shop_id"] for row in answer["shops"]} == set(range(60))
    listed = [row for row in answer["shops"] if row["listed"]]
    assert {row["shop_id"] for row in listed} == set(
        rows.xs(6, level="item_id")[lambda item: item.listed].shop_id
    )
    assert answer["listed"] == len(listed)
    assert float(answer["units"]) == pytest.approx(total(listed), rel=1e-6)
    units = [float(row["prediction"]) for row in answer["shops"]]
    assert units == sorted(units, reverse=True)
    batch = asked(client, [pair(row["shop_id"], 6) for row in answer["shops"]])
    assert [row["prediction"] for row in answer["shops"]] == [
        row["prediction"] for row in batch["predictions"]
    ]


@pytest.mark.parametrize(
    ("address", "pointers", "words"),
    [
        ("/v1/shops/999/top", ["/shop_id"], "shop_id 999: not in the catalogue"),
        ("/v1/items/999999/shops", ["/item_id"], "item_id 999999: not in"),
        ("/v1/shops/999/items/6", ["/shop_id"], "shop_id 999: not in"),
        ("/v1/shops/24/items/999999", ["/item_id"], "item_id 999999: not in"),
        ("/v1/shops/999/items/999999", ["/shop_id", "/item_id"], "and item_id 999999"),
    ],
)
def test_what_the_catalogue_lacks_is_a_404_naming_it(client, address, pointers, words):
    assert_problem(client.get(address), 404, pointers, words)


def test_the_44_features_are_described_in_the_vectors_order(client):
    answer = got(client, "/v1/features")
    found = {feature["name"]: feature for feature in answer["features"]}
    assert answer["total"] == len(answer["features"]) == 44
    assert list(found) == list(FEATURES)
    assert all(feature["meaning"] for feature in answer["features"])
    price = found["item_id_avg_item_price_lag_3"]
    assert (price["lag"], price["entity"], price["unit"]) == (3, "item_id", "roubles")
    assert price["missing"].startswith("median")
    count = found["item_cnt_day_lag_1"]
    assert (count["entity"], count["unit"], count["missing"]) == ("pair", "units", "0")


def test_the_names_of_the_features_are_the_originals(original_requests):
    assert list(FEATURES) == original_requests["feature_names"]


def test_the_model_is_told_by_its_manifest(client, build):
    answer = got(client, "/v1/model")
    manifest = build.manifest
    assert answer["version"] == manifest.version
    assert answer["demo"] is True
    assert (answer["month"], answer["date_block_num"]) == ("2015-11", 34)
    holdout = answer["training"]["holdout"]
    assert (holdout["row_set"], holdout["month"]) == ("full grid", "2015-10")
    assert [scores["name"] for scores in holdout["baselines"]][:3] == [
        "zero",
        "constant",
        "last month",
    ]
    rmse = np.float64(holdout["model"]["rmse"])
    assert rmse == pytest.approx(manifest.training.holdout.model.rmse)


def test_an_id_outside_the_category_is_not_found_there(names):
    assert found_ids(names.search("30", 1, 50, 0)) == [30]
    assert found_ids(names.search("30", 2, 50, 0)) == []


def test_the_catalogues_own_names_are_found_as_a_plain_look_finds_them(client, build):
    items = build.catalogue.items
    for q in ("console", "a", "o e", "BLACK  con", "1", "."):
        words = q.lower().split()
        plain = {
            i for i, item in items.items() if all(w in item.name.lower() for w in words)
        }
        plain |= {int(q)} if q.isdigit() else set()
        found = got(client, f"/v1/items?limit=1000&q={q}")
        assert {item["item_id"] for item in found["items"]} == plain
        assert found["total"] == len(plain)


def test_what_is_found_stands_in_the_order_of_its_names(names):
    found = names.search("", None, 50, 0)
    folded = [item.name.lower().replace("ё", "е") for item in found.items]
    assert folded == sorted(folded)
