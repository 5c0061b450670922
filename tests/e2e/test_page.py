"""The page, driven as people do: each view, each error, by mouse and by keyboard."""

import csv
import gzip
import json
import math
import re
from pathlib import Path

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Request, Route, expect

from tests.conftest import ROOT, running_server

pytestmark = pytest.mark.browser

VIEWS = ("product", "shop", "item", "list", "model")
FILES = ROOT / "service" / "page"
UNKNOWN = 987_654_321
MOST_BYTES = 150_000  # of the first view, over the wire


def addresses(pair) -> dict[str, str]:
    return {
        "product": pair.address,
        "shop": f"#/shop?shop={pair.shop_id}",
        "item": f"#/item?item={pair.item_id}",
        "list": "#/list",
        "model": "#/model",
    }


def headline(page: Page):
    return page.locator("p.headline")


def shop_field(page: Page):
    return page.get_by_role("combobox", name="Shop")


def item_field(page: Page):
    return page.get_by_role("combobox", name="Product")


def option_called(page: Page, name: str):
    return page.get_by_role("option").filter(has_text=name).first


def settled(page: Page, view: str) -> None:
    """Wait until a view shows what it has to show."""
    if view == "list":
        expect(page.get_by_label(re.compile("Paste|Вставьте"))).to_be_visible()
    else:
        expect(headline(page).locator("strong")).to_be_visible()
    if view == "shop":
        expect(page.locator(".actions button")).to_be_enabled()


def problem(status: int, detail: str, **more: object) -> dict:
    body = {"type": "about:blank", "title": "-", "status": status, "detail": detail}
    return {
        "status": status,
        "content_type": "application/problem+json",
        "body": json.dumps({**body, **more}),
    }


# A product in a shop


def test_a_product_in_a_shop_shows_what_the_service_answers(open_page, server, pair):
    address = f"{server.url}/v1/shops/{pair.shop_id}/items/{pair.item_id}"
    answer = requests.get(address, timeout=30).json()
    page = open_page(pair.address)
    expect(headline(page)).to_contain_text(re.compile(r"about \d+ units? in November"))
    shown = headline(page).locator("small").inner_text()
    assert float(shown.removeprefix("exactly ")) == answer["prediction"]
    low = math.floor(answer["interval"]["lower"])
    high = math.ceil(answer["interval"]["upper"])
    between = f"between {low} and {high}" if high < 20 else f"{low} or more"
    expect(headline(page)).to_contain_text(between)
    facts = page.locator(".facts")
    expect(facts).to_contain_text(f"Likely range{between}")
    expect(facts).to_contain_text("Last month (October 2015)")
    expect(facts).to_contain_text(f"{answer['last_month']:.0f} unit")
    expect(facts).to_contain_text("This shop sold it recently")
    expect(shop_field(page)).to_have_value(pair.shop)
    expect(item_field(page)).to_have_value(pair.item)


def test_the_chart_has_a_column_a_month_and_a_table_of_the_same(open_page, pair):
    page = open_page(pair.address)
    figure = page.locator("figure").filter(has_text="Sold by month")
    expect(figure.locator("svg rect")).to_have_count(35)
    expect(figure.locator("rect.forecast")).to_have_count(1)
    expect(figure.locator("path.whisker")).to_have_count(1)
    expect(figure.get_by_role("img")).to_have_attribute(
        "aria-label", re.compile("forecast of .* for November 2015")
    )
    figure.get_by_text("As a table").click()
    expect(figure.locator("tbody tr")).to_have_count(35)
    expect(figure.locator("tbody tr").first).to_contain_text("November 2015 (forecast)")


def test_large_sales_and_the_most_that_is_told_apart_are_shown_as_they_are(
    open_page, pair
):
    page = open_page("#/model")

    def much_more(route: Route) -> None:
        response = route.fetch()
        answer = response.json()
        answer["history"][0]["units"] = 12_345
        route.fulfill(response=response, json={**answer, "prediction": 20.0})

    page.route("**/v1/shops/*/items/*", much_more)
    page.evaluate("address => { location.hash = address }", pair.address)
    expect(headline(page)).to_have_text(
        "20 units or more in November 2015 the model does not tell more apart"
    )
    expect(page.locator("svg")).to_contain_text("15,000")
    starts = page.locator("svg text").evaluate_all("all => all.map(t => t.getBBox().x)")
    assert min(starts) >= 0


def test_the_strongest_reasons_stand_in_words_with_their_effect(
    open_page, server, pair
):
    query = {"shop_id": pair.shop_id, "item_id": pair.item_id, "explain": "true"}
    answer = requests.get(f"{server.url}/v1/predict", query, timeout=30).json()
    groups = answer["explain"]["groups"].values()
    strongest = max(groups, key=lambda group: abs(group["contribution"]))
    page = open_page(pair.address)
    rows = page.locator("figure.reasons tbody tr")
    expect(rows).to_have_count(5)
    expect(rows.first).to_contain_text(f"{strongest['factor']:.2f}")
    expect(rows.first.locator(".swing")).to_have_count(1)


def test_a_what_if_stands_beside_the_number_and_says_what_it_is(
    open_page, server, pair
):
    page = open_page(pair.address)
    page.get_by_text("For analysts").click()
    expect(page.get_by_text("not the world")).to_be_visible()
    page.get_by_label("Feature").select_option("item_cnt_day_lag_1")
    page.get_by_label("Value").fill("30")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_text("Told so, the model says")).to_be_visible()
    pair_asked = {"shop_id": pair.shop_id, "item_id": pair.item_id}
    body = {**pair_asked, "override": {"item_cnt_day_lag_1": 30.0}}
    answer = requests.post(f"{server.url}/v1/predict", json=body, timeout=30).json()
    told = page.get_by_text("Told so").inner_text()
    assert str(answer["override"]["prediction"]) in told
    assert str(answer["prediction"]) in told
    assert_accessible(page)


def test_an_unlisted_pair_says_what_its_number_supposes(open_page, server):
    shops = requests.get(f"{server.url}/v1/shops", timeout=30).json()["shops"]
    shop = next(s["shop_id"] for s in shops if s["listed"] == 0)
    item = requests.get(f"{server.url}/v1/items?limit=1", timeout=30).json()["items"][0]
    page = open_page(f"#/product?shop={shop}&item={item['item_id']}")
    expect(page.get_by_text("Not on the list for November 2015")).to_be_visible()


def test_the_keyboard_alone_finds_a_forecast(open_page, pair):
    page = open_page("#/product")
    expect(page.get_by_text("Choose a shop and a product.")).to_be_visible()
    shop_field(page).focus()
    page.keyboard.type(pair.shop[:9].lower())
    expect(option_called(page, pair.shop)).to_be_visible()
    while pair.shop not in selected_option(page):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(shop_field(page)).to_have_value(pair.shop)
    page.keyboard.press("Tab")
    expect(item_field(page)).to_be_focused()
    page.keyboard.type(str(pair.item_id))
    expect(option_called(page, pair.item)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(headline(page).locator("strong")).to_be_visible()
    expect(item_field(page)).to_be_focused()
    assert page.url.endswith(pair.address)


def selected_option(page: Page) -> str:
    """What the focused field says is selected, as a screen reader finds it."""
    return page.evaluate(
        "document.getElementById(document.activeElement"
        ".getAttribute('aria-activedescendant'))?.textContent ?? ''"
    )


def test_escape_closes_the_list_and_then_empties_the_field(open_page, pair):
    page = open_page(pair.address)
    settled(page, "product")
    field = shop_field(page)
    field.focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("listbox")).to_be_visible()
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(field).to_have_value(pair.shop)
    page.keyboard.press("Escape")
    expect(field).to_have_value("")


def test_a_search_without_a_hit_says_so(open_page):
    page = open_page("#/product")
    item_field(page).fill("no such thing as this")
    expect(page.get_by_role("listbox")).to_contain_text("0 found")


def test_a_name_is_shown_as_text_never_as_markup(open_page):
    page = open_page()
    name = "<img src=x onerror=alert(1)> & <b>bold</b>"
    found = {"item_id": 1, "name": name, "category_id": 0, "category": "<i>c</i>"}
    answer = {"total": 1, "items": [found]}
    page.route("**/v1/items?*", lambda r: r.fulfill(json=answer))
    item_field(page).fill("img")
    expect(option_called(page, name)).to_be_visible()
    assert page.locator("[role=option] img, [role=option] b").count() == 0


def test_an_address_is_kept_by_reload_and_by_back(open_page, pair):
    page = open_page(pair.address)
    settled(page, "product")
    page.get_by_role("link", name="This product in every shop").click()
    expect(page.locator("h1")).to_have_text("Product everywhere")
    page.reload()
    expect(page.locator("h1")).to_have_text("Product everywhere")
    expect(item_field(page)).to_have_value(pair.item)
    page.go_back()
    expect(shop_field(page)).to_have_value(pair.shop)
    settled(page, "product")


# A shop's month


def test_a_shops_month_sorts_and_totals_its_whole_list(open_page, server, pair):
    top = f"{server.url}/v1/shops/{pair.shop_id}/top?limit=1000"
    answer = requests.get(top, timeout=30).json()
    page = open_page(f"#/shop?shop={pair.shop_id}")
    settled(page, "shop")
    rows = page.locator("tbody tr")
    expect(rows.first).to_contain_text(answer["items"][0]["name"])
    expect(page.locator("tfoot")).to_contain_text(f"{answer['units']:,.0f}")
    page.get_by_role("button", name="Last month").press("Enter")
    header = page.get_by_role("columnheader", name="Last month")
    expect(header).to_have_attribute("aria-sort", "descending")
    expect(header.get_by_role("button")).to_be_focused()
    most = max(item["last_month"] for item in answer["items"])
    expect(rows.first.locator("td").nth(2)).to_have_text(f"{most:.0f}")
    assert "sort=-last_month" in page.url
    page.reload()
    expect(rows.first.locator("td").nth(2)).to_have_text(f"{most:.0f}")


def test_a_shops_month_filters_by_category(open_page, server, pair):
    top = requests.get(f"{server.url}/v1/shops/24/top?limit=1", timeout=30).json()
    category = top["items"][0]["category"]
    page = open_page("#/shop?shop=24")
    settled(page, "shop")
    page.get_by_label("Category").select_option(label=category)
    expect(headline(page)).not_to_contain_text(f"{top['listed']} products")
    names = page.locator("tbody tr td:nth-child(2)").all_inner_texts()
    assert set(names) == {category}


def test_a_shop_without_a_list_says_so(open_page, server):
    shops = requests.get(f"{server.url}/v1/shops", timeout=30).json()["shops"]
    shop = next(s["shop_id"] for s in shops if s["listed"] == 0)
    page = open_page(f"#/shop?shop={shop}")
    expect(page.locator(".note")).to_contain_text("Nothing is on the list here")


def test_a_download_holds_every_row_and_no_formula(open_page, server, pair):
    page = open_page()
    named = {"name": '=HYPERLINK("evil")', "category": "@sum, 1"}

    def poisoned(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        body["items"][0] |= named
        route.fulfill(response=answer, json=body)

    page.route("**/v1/shops/24/top?*", poisoned)
    page.goto(f"{server.url}/#/shop?shop=24")
    settled(page, "shop")
    header, *rows = saved_rows(page)
    first = dict(zip(header, rows[0], strict=True))
    assert first["name"] == "'" + named["name"]
    assert first["category"] == "'" + named["category"]
    top = requests.get(f"{server.url}/v1/shops/24/top?limit=1000", timeout=30).json()
    assert len(rows) == top["listed"]
    assert float(rows[1][3]) == top["items"][1]["prediction"]


def saved_rows(page: Page, delimiter: str = ",") -> list[list[str]]:
    """What the download button saves."""
    with page.expect_download() as download:
        page.locator(".actions button").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    return list(csv.reader(text.splitlines(), delimiter=delimiter))


# A product everywhere


def test_a_product_everywhere_lists_every_shop_with_its_bar(open_page, server, pair):
    address = f"{server.url}/v1/items/{pair.item_id}/shops"
    answer = requests.get(address, timeout=30).json()
    page = open_page(f"#/item?item={pair.item_id}")
    settled(page, "item")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(len(answer["shops"]))
    listed = [shop for shop in answer["shops"] if shop["listed"]]
    expect(rows.first).to_contain_text(listed[0]["name"])
    expect(rows.first.locator(".bar")).to_have_count(1)
    expect(page.get_by_text("not on the list")).to_have_count(
        len(answer["shops"]) - len(listed)
    )
    expect(page.locator("tfoot")).to_contain_text(f"{answer['units']:,.2f}")
    assert len(saved_rows(page)) == 1 + len(answer["shops"])


# A list of mine


def test_a_pasted_list_counts_what_is_unknown_with_its_lines(open_page, pair):
    page = open_page("#/list")
    page.get_by_label("Paste the rows here").fill(
        "ID;shop_id;item_id\n"
        f"7;{pair.shop_id};{pair.item_id}\n"
        f"8;{UNKNOWN};{pair.item_id}\n"
        "9;x;1\n"
        f"10;{pair.shop_id};{UNKNOWN}\n"
    )
    page.get_by_role("button", name="Forecast").click()
    counts = page.get_by_role("definition")
    expect(counts).to_have_text(["3", "0", "2 lines 3, 5", "1 line 4"])
    expect(page.locator("tbody tr")).to_have_count(3)
    page.get_by_label("Only the unknown").check()
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("tbody")).to_contain_text("unknown shop")
    header, *rows = saved_rows(page)
    assert header[:4] == ["ID", "shop_id", "shop", "item_id"]
    assert [row[0] for row in rows] == ["7", "8", "10"]
    assert rows[1][4:] == ["", "unknown_shop", "false"]


@pytest.mark.parametrize(
    "text",
    ["24,30\n24,31\n", "shop_id\titem_id\r\n24\t30\r\n24\t31\r\n", '"24","30"\n24,31'],
)
def test_a_list_may_come_in_these_forms_too(open_page, text):
    page = open_page("#/list")
    page.get_by_label("Paste the rows here").fill(text)
    page.get_by_role("button", name="Forecast").click()
    expect(page.locator("tbody tr")).to_have_count(2)


def test_a_list_of_214200_rows_leaves_the_page_alive(open_page, tmp_path, pair):
    file = tmp_path / "test.csv.gz"
    lines = [f"{i},{pair.shop_id},{pair.item_id}\n" for i in range(214_200)]
    file.write_bytes(gzip.compress(b"ID,shop_id,item_id\n" + "".join(lines).encode()))
    page = open_page("#/list")
    chooser = page.get_by_label("or choose a file")
    page.evaluate(WATCH_FOR_FREEZES)
    chooser.set_input_files(file)
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.locator(".facts")).to_contain_text("214,200", timeout=60_000)
    expect(page.locator("tbody tr")).to_have_count(200)
    assert page.evaluate("longestFreeze") < 1000


WATCH_FOR_FREEZES = """
window.longestFreeze = 0;
let last = performance.now();
setInterval(() => {
  longestFreeze = Math.max(longestFreeze, performance.now() - last);
  last = performance.now();
}, 10);
"""


def test_a_sum_with_the_most_that_is_told_apart_is_that_or_more(open_page, pair):
    page = open_page("#/list")

    def most(route: Route) -> None:
        response = route.fetch()
        answer = response.json()
        answer["predictions"][0]["prediction"] = 20.0
        answer["predictions"][1]["prediction"] = 3.0
        route.fulfill(response=response, json=answer)

    page.route("**/v1/predict", most)
    rows = f"{pair.shop_id},{pair.item_id}\n" * 2
    page.get_by_label("Paste the rows here").fill(rows)
    page.get_by_role("button", name="Forecast").click()
    expect(headline(page)).to_contain_text("23 units or more in November 2015")
    expect(page.locator("tbody tr").first).to_contain_text("20+")


def test_a_dropped_file_is_read_like_a_chosen_one(open_page, pair):
    page = open_page("#/list")
    page.get_by_label("Paste the rows here").wait_for()
    page.evaluate(
        """(text) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([text], "mine.csv"));
          const options = { dataTransfer: transfer, bubbles: true };
          document.querySelector(".drop").dispatchEvent(new DragEvent("drop", options));
        }""",
        f"shop_id,item_id\n{pair.shop_id},{pair.item_id}\n",
    )
    expect(page.locator("tbody tr")).to_have_count(1)


def test_a_file_that_is_no_csv_is_refused_in_words(open_page, tmp_path):
    file = tmp_path / "broken.csv.gz"
    file.write_bytes(b"this is not gzip")
    page = open_page("#/list")
    page.get_by_label("or choose a file").set_input_files(file)
    expect(page.get_by_role("alert")).to_contain_text("This file cannot be read")


def test_a_list_without_any_pair_says_so(open_page):
    page = open_page("#/list")
    page.get_by_label("Paste the rows here").fill("hello\nworld\n")
    page.get_by_role("button", name="Forecast").click()
    expect(headline(page)).to_contain_text("No row with a shop and a product")
    expect(page.locator(".note")).to_contain_text("lines 1, 2")


def test_a_list_is_of_one_build_though_another_comes_meanwhile(open_page, pair):
    page = open_page("#/list")
    asked = []

    def answer(route: Route) -> None:
        pairs = route.request.post_data_json
        asked.append(len(pairs))
        model = "2015-11-00000001" if len(asked) == 1 else "2015-11-00000002"
        rows = [
            {**p, "prediction": 1.0, "basis": "pair", "listed": True} for p in pairs
        ]
        body = {"model": model, "month": "2015-11", "predictions": rows}
        route.fulfill(json=body)

    page.route("**/v1/predict", answer)
    file = {"name": "mine.csv", "mimeType": "text/csv", "buffer": b"24,30\n" * 10_001}
    page.get_by_label("or choose a file").set_input_files(file)
    expect(page.locator(".facts")).to_contain_text("10,001")
    assert asked == [10_000, 1, 10_000, 1]


# The model


def test_the_model_is_told_in_words(open_page, server):
    model = requests.get(f"{server.url}/v1/model", timeout=30).json()
    page = open_page("#/model")
    expect(headline(page)).to_contain_text("November 2015")
    expect(headline(page)).to_contain_text(model["version"])
    holdout = model["training"]["holdout"]
    text = page.locator("main")
    expect(text).to_contain_text(f"off by {holdout['model']['mae']:.2f} units")
    expect(text).to_contain_text(f"{holdout['rows']:,} pairs")
    expect(page.locator("table").first.locator("tbody tr")).to_have_count(
        1 + len(holdout["baselines"])
    )


# In every view


def test_a_real_retailer_is_not_called_a_demo(open_page, server):
    page = open_page("#/list")

    def real(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "demo": False})

    page.route("**/v1/model", real)
    page.goto(f"{server.url}/#/model")
    page.reload()
    expect(headline(page)).to_contain_text("forecast from your sales files")
    expect(page.locator("#demo")).to_be_hidden()


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    ("locale", "color_scheme", "demo"),
    [("en-GB", "light", "made up"), ("ru-RU", "dark", "вымышлены")],
)
def test_every_view_fits_every_width_is_accessible_and_called_a_demo(
    open_page, pair, view, locale, color_scheme, demo
):
    options = {"locale": locale, "color_scheme": color_scheme}
    page = open_page(addresses(pair)[view], **options)
    settled(page, view)
    expect(page.locator("#demo")).to_contain_text(demo)
    for width in (1440, 320, 360):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert_accessible(page)


def test_axe_finds_nothing_in_an_open_list_nor_in_an_error(open_page):
    page = open_page(f"#/product?shop={UNKNOWN}&item=1")
    expect(page.get_by_role("alert")).to_be_visible()
    shop_field(page).fill("a")
    expect(page.get_by_role("listbox")).to_be_visible()
    assert_accessible(page)


def assert_accessible(page: Page) -> None:
    results = Axe().run(page, options={"resultTypes": ["violations"]})
    assert results.violations_count == 0, results.generate_report()


def test_dark_and_light_follow_the_browser(open_page):
    paper = "getComputedStyle(document.body).backgroundColor"
    light = open_page("#/list", color_scheme="light").evaluate(paper)
    dark = open_page("#/list", color_scheme="dark").evaluate(paper)
    assert light == "rgb(248, 248, 246)"
    assert dark == "rgb(20, 23, 26)"


def test_the_content_can_be_reached_past_the_navigation(open_page):
    page = open_page("#/model")
    settled(page, "model")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_the_browser_may_load_nothing_from_elsewhere(server):
    answer = requests.get(server.url, timeout=30)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_the_first_view_is_small_and_from_here(open_page, server, pair):
    page = open_page("#/list")
    loaded: list[Request] = []
    page.on("requestfinished", lambda request: loaded.append(request))  # noqa: PLW0108
    page.goto(f"{server.url}/{pair.address}")
    page.reload()
    settled(page, "product")
    page.wait_for_load_state("networkidle")
    assert {request.url.split("/")[2] for request in loaded} == {server.url[7:]}
    sizes = [request.sizes() for request in loaded]
    whole = sum(s["responseBodySize"] + s["responseHeadersSize"] for s in sizes)
    assert whole < MOST_BYTES


# Languages


def test_the_browsers_language_is_spoken_and_another_is_a_click_away(open_page, pair):
    page = open_page(pair.address, locale="ru-RU")
    expect(headline(page)).to_contain_text("в ноябре 2015")
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    page.get_by_role("button", name="English").click()
    expect(headline(page)).to_contain_text("in November 2015")
    page.reload()
    expect(headline(page)).to_contain_text("in November 2015")


def test_a_download_in_russian_opens_in_a_russian_spreadsheet(open_page, pair):
    page = open_page(f"#/item?item={pair.item_id}", locale="ru-RU")
    settled(page, "item")
    header, first, *_ = saved_rows(page, delimiter=";")
    assert header[:3] == ["shop_id", "name", "prediction"]
    assert re.fullmatch(r"\d+,\d+", first[2])


@pytest.fixture(scope="module")
def strings(browser, server) -> dict[str, dict]:
    """Each language's strings as the browser reads them."""
    page = browser.new_page()
    page.goto(server.url)
    read = "async (name) => (await import(`/page/strings.${name}.js`)).default"
    found = {language: page.evaluate(read, language) for language in ("en", "ru")}
    page.close()
    return found


def test_no_string_is_missing_in_a_language(strings):
    assert list(strings["en"]) == list(strings["ru"])
    for key, english in strings["en"].items():
        assert places(english) == places(strings["ru"][key]), key


def places(text: str | dict[str, str]) -> set[str]:
    """The {places} of a string; {month} and {monthIn} stand for each other."""
    forms = [text] if isinstance(text, str) else text.values()
    found = {name for form in forms for name in re.findall(r"\{(\w+)\}", form)}
    return {"month" if name == "monthIn" else name for name in found}


def test_every_plural_has_its_languages_forms(strings):
    forms = {"en": {"one", "other"}, "ru": {"one", "few", "many", "other"}}
    for language, entries in strings.items():
        for key, text in entries.items():
            assert isinstance(text, str) or set(text) == forms[language], key
            assert isinstance(text, str) == isinstance(strings["en"][key], str), key


def test_every_string_is_used_and_every_used_string_is_there(strings):
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for path in FILES.iterdir()
        if path.suffix in {".js", ".html"} and not path.name.startswith("strings")
    )
    named = set(re.findall(r'"([a-z]+(?:\.[a-z]+)*)"', code))
    asked = set(re.findall(r'\bt\("([^"]+)"', code))
    asked |= set(re.findall(r'data-(?:text|label)="([^"]+)"', code))
    begun = tuple(re.findall(r"\bt\(`([a-z]+\.)\$", code))
    assert asked <= set(strings["en"])
    unused = {k for k in strings["en"] if k not in named and not k.startswith(begun)}
    assert unused == set()


# What can go wrong


@pytest.mark.parametrize(
    ("shop", "item", "words"),
    [
        (UNKNOWN, None, "no such shop"),
        (None, UNKNOWN, "no such product"),
        (UNKNOWN, UNKNOWN, "Neither this shop nor this product"),
    ],
)
def test_an_unknown_id_is_named(open_page, pair, shop, item, words):
    shop, item = shop or pair.shop_id, item or pair.item_id
    page = open_page(f"#/product?shop={shop}&item={item}")
    expect(page.get_by_role("alert")).to_contain_text(words)


@pytest.mark.parametrize("address", ["#/shop?shop=", "#/item?item=", "#/product?shop="])
def test_an_id_that_is_none_is_answered_by_the_service(open_page, address):
    page = open_page(f"{address}abc")
    expect(page.get_by_role("alert")).to_be_visible()


def test_without_a_network_the_page_says_so_and_tries_again(open_page, server, pair):
    page = open_page("#/product")
    expect(page.get_by_text("Choose a shop and a product.")).to_be_visible()
    page.context.set_offline(True)
    page.goto(f"{server.url}/{pair.address}")
    expect(page.get_by_role("alert")).to_contain_text("is the network there?")
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    settled(page, "product")


def test_a_service_that_is_not_ready_gives_its_reason(open_page, server, pair):
    page = open_page("#/product")
    told = problem(503, "no build in artifacts")
    page.route("**/v1/**", lambda route: route.fulfill(**told))
    page.goto(f"{server.url}/{pair.address}")
    page.reload()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("cannot forecast at the moment")
    expect(alert).to_contain_text("no build in artifacts")
    page.unroute("**/v1/**")
    page.get_by_role("button", name="Try again").click()
    settled(page, "product")
    expect(page.get_by_text("Demo: this retailer")).to_be_visible()


def test_an_answer_that_is_no_json_is_told_by_its_status(open_page, server, pair):
    page = open_page("#/product")
    page.route("**/v1/shops/*/items/*", lambda r: r.fulfill(status=502, body="<html>"))
    page.goto(f"{server.url}/{pair.address}")
    expect(page.get_by_role("alert")).to_contain_text("could not answer (502)")


def test_a_key_is_asked_for_and_kept_for_the_tab(open_page, server, pair):
    page = open_page("#/product")

    def locked(route: Route) -> None:
        if route.request.headers.get("authorization") == "Bearer sesame":
            route.continue_()
        else:
            route.fulfill(**problem(401, "an API key is needed"))

    page.route("**/v1/**", locked)
    page.goto(f"{server.url}/{pair.address}")
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("wants a key")
    assert_accessible(page)
    page.get_by_label("API key").fill("sesame")
    page.get_by_role("button", name="Use this key").click()
    settled(page, "product")
    page.reload()
    settled(page, "product")


@pytest.mark.parametrize("view", ["product", "shop", "item"])
def test_a_key_is_asked_for_before_anything_is_chosen(browser, small_artifacts, view):
    key = "open-sesame"
    with running_server(small_artifacts, SALES_API_KEY=key) as locked:
        page = browser.new_page(locale="en-GB")
        page.set_default_timeout(10_000)
        page.goto(f"{locked.url}/#/{view}")
        page.get_by_label("API key").fill("not-this-one")
        page.get_by_role("button", name="Use this key").click()
        expect(page.get_by_role("alert")).to_contain_text("not one of those")
        page.get_by_label("API key").fill(key)
        page.get_by_role("button", name="Use this key").click()
        expect(page.get_by_role("status").get_by_text("Choose a")).to_be_visible()
        expect(page.get_by_role("alert")).to_have_count(0)
        page.close()


def test_a_build_that_changed_meanwhile_is_told_and_its_facts_are_read(
    open_page, server, pair
):
    page = open_page("#/product")
    expect(page.get_by_text("Demo: this retailer")).to_be_visible()
    version = "2015-12-0badcafe"

    def rebuilt(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        if "version" in body:
            body |= {"version": version, "month": "2015-12", "demo": False}
        else:
            body |= {"model": version, "month": "2015-12"}
        route.fulfill(response=answer, json=body)

    for path in ("model", "predict?*", "shops/*/items/*"):
        page.route(f"**/v1/{path}", rebuilt)
    page.goto(f"{server.url}/{pair.address}")
    expect(page.locator("#notice")).to_contain_text(
        f"build {version}, for December 2015"
    )
    expect(page.locator("#demo")).to_be_hidden()
    expect(headline(page)).to_contain_text("in December 2015")
