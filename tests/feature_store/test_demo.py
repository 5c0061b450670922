"""The demo retailer is whole, repeatable, and shaped like a real chain."""

import csv
import gzip
import json
import subprocess
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from feature_store.demo import FILES, write_demo
from feature_store.demo_catalogue import CATEGORIES, open_shops
from feature_store.demo_sales import UNITS
from feature_store.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
SMALL = 300
SALES_COLUMNS = [
    *("date", "date_block_num", "shop_id", "item_id", "item_price", "item_cnt_day")
]


def read(path):
    """A CSV file's header and its rows."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


def ids(path, column):
    header, rows = read(path)
    return [int(row[header.index(column)]) for row in rows]


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "small"
    write_demo(folder, items=SMALL)
    return folder


@pytest.fixture(scope="module")
def sales(small):
    """Daily rows of the small retailer, typed."""
    _, rows = read(small / "sales_train.csv.gz")
    return [
        (date, int(month), int(shop), int(item), float(price), int(count))
        for date, month, shop, item, price, count in rows
    ]


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "full"
    return write_demo(folder)


def test_the_same_seed_gives_the_same_bytes(small, tmp_path):
    write_demo(tmp_path / "again", items=SMALL)
    assert contents(tmp_path / "again") == contents(small)


def test_another_seed_gives_another_retailer(small, tmp_path):
    write_demo(tmp_path / "other", items=SMALL, seed=2)
    other, first = contents(tmp_path / "other"), contents(small)
    assert other["sales_train.csv.gz"] != first["sales_train.csv.gz"]
    assert other["items.csv"] != first["items.csv"]


@pytest.mark.parametrize(
    ("file", "columns"),
    [
        ("sales_train.csv.gz", SALES_COLUMNS),
        ("items.csv", ["item_name", "item_id", "item_category_id"]),
        ("item_categories.csv", ["item_category_name", "item_category_id"]),
        ("shops.csv", ["shop_name", "shop_id"]),
        ("test.csv.gz", ["ID", "shop_id", "item_id"]),
    ],
)
def test_each_file_has_the_columns_of_the_real_one(small, file, columns):
    header, rows = read(small / file)
    assert header == columns
    assert {len(row) for row in rows} == {len(columns)}


def test_nothing_else_is_written(small):
    assert set(contents(small)) == FILES
    assert [path.name for path in small.parent.iterdir()] == ["small"]


def test_the_marker_says_that_the_retailer_is_made_up(small):
    marker = json.loads((small / "demo.json").read_text(encoding="utf-8"))
    assert (marker["seed"], marker["items"]) == (1, SMALL)
    assert "made up" in marker["note"]


def test_catalogue_ids_run_from_0_without_a_gap(small):
    assert ids(small / "items.csv", "item_id") == list(range(SMALL))
    assert ids(small / "shops.csv", "shop_id") == list(range(60))
    assert ids(small / "item_categories.csv", "item_category_id") == list(range(84))


def test_names_are_unique_and_exercise_csv_quoting(small):
    names = [row[0] for row in read(small / "items.csv")[1]]
    assert len(set(names)) == SMALL
    assert any('"' in name for name in names)
    assert any("," in name for name in names)


def test_sales_name_only_what_the_catalogue_holds(small, sales):
    assert {shop for _, _, shop, *_ in sales} <= set(range(60))
    assert {item for _, _, _, item, *_ in sales} <= set(range(SMALL))
    assert set(ids(small / "items.csv", "item_category_id")) <= set(
        range(len(CATEGORIES))
    )


def test_every_date_lies_in_its_month(sales):
    for text, month, *_ in sales:
        day = datetime.strptime(text, "%d.%m.%Y")  # noqa: DTZ007
        assert (day.year - 2013) * 12 + day.month - 1 == month


def test_all_34_months_have_sales_in_proportion_to_the_size(sales):
    units = Counter()
    for _, month, _, _, _, count in sales:
        units[month] += count
    assert sorted(units) == list(range(34))
    assert sum(units.values()) == pytest.approx(3_644_000 * SMALL / 22_170, rel=0.1)
    assert units[11] > 1.2 * units[10]


def test_shops_sell_only_while_they_are_open(sales):
    assert all(open_shops(month)[shop] for _, month, shop, *_ in sales)
    assert {shop for _, month, shop, *_ in sales if month == 0} != {
        shop for _, month, shop, *_ in sales if month == 33
    }


def test_rows_are_as_odd_as_real_ones(sales):
    counts = Counter(count for *_, count in sales)
    assert 0.7 < counts[1] / len(sales) < 0.95
    assert 0.001 < counts[-1] / len(sales) < 0.005
    assert set(counts) - {0} == set(counts)
    assert [row[4] for row in sales if row[4] <= 0] == [-1.0]
    assert 1 <= sum(n - 1 for n in Counter(sales).values()) <= 10


def test_test_pairs_are_every_open_shop_with_every_listed_item(small):
    header, rows = read(small / "test.csv.gz")
    assert header[0] == "ID"
    assert [int(row[0]) for row in rows] == list(range(len(rows)))
    pairs = {(int(shop), int(item)) for _, shop, item in rows}
    shops, items = ({pair[side] for pair in pairs} for side in (0, 1))
    assert len(rows) == len(pairs) == len(shops) * len(items)
    assert (len(shops), len(items)) == (42, 69)
    assert 24 in shops


def test_a_few_test_items_never_sold_before(small, sales):
    listed = set(ids(small / "test.csv.gz", "item_id"))
    sold = {item for _, _, _, item, *_ in sales}
    assert len(listed - sold) == 5


def test_an_earlier_demo_is_replaced(tmp_path):
    write_demo(tmp_path / "demo", items=60)
    write_demo(tmp_path / "demo", items=50)
    assert ids(tmp_path / "demo" / "items.csv", "item_id") == list(range(50))


def test_an_empty_folder_is_used(tmp_path):
    write_demo(tmp_path, items=50)
    assert set(contents(tmp_path)) == FILES


@pytest.mark.parametrize("marked", [False, True])
def test_foreign_files_are_never_overwritten(tmp_path, marked):
    (tmp_path / "sales_train.csv").write_text("mine")
    if marked:
        (tmp_path / "demo.json").write_text("{}")
    with pytest.raises(InputError, match=r"holds sales_train\.csv, which is not an"):
        write_demo(tmp_path, items=50)
    assert (tmp_path / "sales_train.csv").read_text() == "mine"


def test_real_data_under_a_demos_file_names_are_not_overwritten(tmp_path):
    (tmp_path / "items.csv").write_text("mine")
    with pytest.raises(InputError, match=r"holds items\.csv"):
        write_demo(tmp_path, items=50)


def test_a_file_in_the_folders_place_is_refused(tmp_path):
    (tmp_path / "demo").write_text("")
    with pytest.raises(InputError, match="is a file: expected a folder"):
        write_demo(tmp_path / "demo", items=50)


def test_a_folder_that_cannot_be_made_is_an_input_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write_demo(tmp_path / "file" / "demo", items=50)


def test_a_broken_off_run_leaves_what_was_there(tmp_path):
    write_demo(tmp_path / "demo", items=50)
    before = contents(tmp_path / "demo")

    def interrupt(doing, done):
        if doing == "writing sales":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_demo(tmp_path / "demo", items=60, progress=interrupt)
    assert contents(tmp_path / "demo") == before
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"items": 49}, "items is 49: expected a whole number, 50 to 1000000"),
        ({"items": -3}, "items is -3: expected"),
        ({"items": 2_000_000}, "items is 2000000: expected"),
        ({"seed": -1}, "seed is -1: expected a whole number, 0 or more"),
    ],
)
def test_a_size_or_seed_that_makes_no_sense_is_refused(tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        write_demo(tmp_path / "demo", **{"items": 50, **options})
    assert not (tmp_path / "demo").exists()


def test_progress_runs_from_0_to_1(tmp_path):
    told = []
    write_demo(tmp_path, items=50, progress=lambda *step: told.append(step))
    parts = [done for _, done in told]
    assert parts == sorted(parts)
    assert (parts[0], parts[-1]) == (0.0, 1.0)


def run(*arguments):
    return subprocess.run(
        [sys.executable, ROOT / "scripts" / "demo-data", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_says_in_two_lines_what_it_wrote(tmp_path):
    done = run("--out", tmp_path / "demo", "--items", "50", "--seed", "7")
    assert done.returncode == 0, done.stderr
    assert "made-up retailer (seed 7): 50 items" in done.stdout
    assert len(done.stdout.splitlines()) == 2
    assert set(contents(tmp_path / "demo")) == FILES


def test_the_command_refuses_in_one_line(tmp_path):
    done = run("--out", tmp_path / "demo", "--items", "3")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].startswith("demo-data: items is 3: expected")
    assert "Traceback" not in done.stderr


def test_the_commands_help_has_an_example():
    assert "example: scripts/demo-data --out" in run("--help").stdout


@pytest.mark.slow
def test_at_full_size_each_month_sells_what_the_real_one_sold(full):
    units = Counter()
    with gzip.open(full.path / "sales_train.csv.gz", "rt") as file:
        next(file)
        for line in file:
            _, month, *_, count = line.split(",")
            units[int(month)] += int(count)
    assert sorted(units) == list(range(34))
    for month, thousands in enumerate(UNITS):
        assert units[month] == pytest.approx(thousands * 1000, rel=0.1)


@pytest.mark.slow
def test_at_full_size_rows_and_pairs_are_as_many_as_the_real_ones(full):
    assert 2_700_000 < full.sales_rows < 3_100_000
    assert full.test_pairs == 214_200
    assert full.items == 22_170


@pytest.mark.slow
def test_at_full_size_item_6676_is_a_console_that_shop_24_sells(full):
    _, items = read(full.path / "items.csv")
    name, _, category = items[6676]
    assert category == "12"
    assert "console" in name
    _, rows = read(full.path / "sales_train.csv.gz")
    sold = Counter()
    for _, month, shop, item, _, count in rows:
        if (shop, item) == ("24", "6676"):
            sold[int(month)] += int(count)
    assert min(sold) >= 30
    assert 1 <= sum(sold.values()) / 4 <= 4
    _, pairs = read(full.path / "test.csv.gz")
    assert ["24", "6676"] in (pair[1:] for pair in pairs)
