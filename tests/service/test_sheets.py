"""Lists as CSV: the rows of the JSON answer, safe to open in a spreadsheet."""

import csv
import io
from dataclasses import replace

import pytest

from feature_store.catalogue import Catalogue, Item
from service.answers import Predictor
from service.browse import Browser
from service.sheets import write_sheet
from tests.service.clients import got
from tests.service.problem_shape import assert_problem

LISTS = [("/v1/shops/24/top?limit=7", "items"), ("/v1/items/6/shops", "shops")]


def sheet(client, address, accept="text/csv"):
    answer = client.get(address, headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text)))


def as_text(value):
    """A value of the JSON answer as CSV holds it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


@pytest.mark.parametrize(("address", "rows"), LISTS)
def test_a_list_is_csv_where_that_is_asked_for(client, address, rows):
    expected = got(client, address)[rows]
    assert sheet(client, address) == [
        {name: as_text(value) for name, value in row.items()} for row in expected
    ]


@pytest.mark.parametrize("address", [address for address, _ in LISTS])
@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/csv", "text/csv"),
        ("TEXT/CSV", "text/csv"),
        ("text/csv, application/json;q=0.5", "text/csv"),
        ("application/json, text/csv;q=0.5", "application/json"),
        ("text/csv;q=0, application/json", "application/json"),
        ("*/*", "application/json"),
        ("text/*", "application/json"),
        ("text/html", "application/json"),
        ("", "application/json"),
    ],
)
def test_the_form_is_what_the_client_likes_best(client, address, accept, kind):
    answer = client.get(address, headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith(kind)


def test_a_page_of_nothing_is_a_header(client):
    answer = client.get(
        "/v1/shops/24/top?offset=100000", headers={"Accept": "text/csv"}
    )
    assert answer.text.splitlines() == [
        "item_id,name,category_id,category,prediction,basis,last_month,"
        "same_month_last_year"
    ]


def test_an_error_is_problem_details_whatever_is_asked_for(client):
    answer = client.get("/v1/shops/999/top", headers={"Accept": "text/csv"})
    assert_problem(answer, 404, ["/shop_id"])


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+7 495", "'+7 495"),
        ("-5 °C", "'-5 °C"),
        ("@sum", "'@sum"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("a=1", "a=1"),
        (' "x", y', ' "x", y'),
        ("ключ\nи ящик", "ключ\nи ящик"),
    ],
)
def test_a_name_is_never_run_as_a_formula(build, name, written):
    items = {i: Item(name, 1) for i in build.store.items.tolist()}
    shops = dict.fromkeys(build.store.shops.tolist(), name)
    catalogue = Catalogue(shops, items, {1: name})
    browser = Browser(Predictor(replace(build, catalogue=catalogue)))
    for found in (browser.top(24, None, 1, 0), browser.everywhere(6)):
        text = write_sheet(found).decode()
        row = next(csv.DictReader(io.StringIO(text, newline="")))
        assert row["name"] == written
        assert row.get("category", written) == written
        assert float(row["prediction"]) >= 0
