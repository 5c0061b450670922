"""What the tables must hold together, and what is only odd."""

import pytest

from feature_store.checks import check
from feature_store.errors import InputError
from feature_store.sales import open_sales
from tests.feature_store.retailer import (
    CATEGORIES,
    ITEMS,
    SHOPS,
    day,
    put,
    retailer,
    write,
)

SALES_ROWS = len(retailer()["sales_train"]) - 1


def checked(folder):
    with open_sales(folder) as sales:
        return check(sales)


def refusals(folder):
    """The lines that refuse the folder, without the folder's own name."""
    with pytest.raises(InputError) as caught:
        checked(folder)
    return str(caught.value).replace(f"{folder}/", "").splitlines()


def warnings(folder):
    return list(checked(folder).warnings)


@pytest.mark.parametrize(
    ("table", "column", "text", "message"),
    [
        ("sales_train", "shop_id", "77", "77, expected one of shops.csv"),
        (
            "sales_train",
            "item_id",
            "2147483647",
            "2147483647, expected one of items.csv",
        ),
        ("test", "shop_id", "77", "77, expected one of shops.csv"),
        ("test", "item_id", "77", "77, expected one of items.csv"),
        ("items", "item_category_id", "2", "2, expected one of item_categories.csv"),
        (
            "sales_train",
            "date",
            "05.02.2020",
            "2020-02-05, expected a day of 2020-01 (date_block_num 0)",
        ),
        (
            "sales_train",
            "date",
            "05.01.2019",
            "2019-01-05, expected a day of 2020-01 (date_block_num 0)",
        ),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_its_place(
    tmp_path, tables, table, column, text, message
):
    put(tables, table, 3, column, text)
    assert refusals(write(tmp_path, tables)) == [
        f"{table}.csv row 3, column {column}: {message}"
    ]


def test_a_month_that_does_not_fit_its_date(tmp_path, tables):
    put(tables, "sales_train", 3, "date", day(0, 5))
    put(tables, "sales_train", 3, "date_block_num", "7")
    assert refusals(write(tmp_path, tables)) == [
        "sales_train.csv row 3, column date: 2020-01-05,"
        " expected a day of 2020-08 (date_block_num 7)"
    ]


@pytest.mark.parametrize(
    ("table", "columns", "value"),
    [
        ("items", "item_id", ITEMS[0]),
        ("shops", "shop_id", SHOPS[0]),
        ("item_categories", "item_category_id", CATEGORIES[0]),
        ("test", "shop_id, item_id", f"{SHOPS[0]}, {ITEMS[0]}"),
    ],
)
def test_a_repeated_key(tmp_path, tables, table, columns, value):
    tables[table].append(list(tables[table][1]))
    last = len(tables[table]) - 1
    assert refusals(write(tmp_path, tables)) == [
        f"{table}.csv row {last}, column {columns}: {value} again,"
        " expected once (row 1 too)"
    ]


def test_the_same_id_written_in_another_way_is_the_same(tmp_path, tables):
    tables["shops"].append(["another name", f"0{SHOPS[0]}"])
    assert refusals(write(tmp_path, tables)) == [
        f"shops.csv row 4, column shop_id: {SHOPS[0]} again, expected once (row 1 too)"
    ]


def test_a_line_for_each_kind_of_trouble_with_its_first_row_and_count(tmp_path, tables):
    for row in (8, 4, 6):
        put(tables, "sales_train", row, "shop_id", "77")
    put(tables, "test", 2, "item_id", "99")
    tables["items"].append(list(tables["items"][2]))
    tables["items"].append(list(tables["items"][2]))
    assert refusals(write(tmp_path, tables)) == [
        "items.csv row 6, column item_id: 11 again, expected once (row 2 too)"
        " (2 such rows)",
        "sales_train.csv row 4, column shop_id: 77, expected one of shops.csv"
        " (3 such rows)",
        "test.csv row 2, column item_id: 99, expected one of items.csv",
    ]


@pytest.mark.parametrize(
    "table", ["sales_train", "items", "shops", "item_categories", "test"]
)
@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
def test_a_header_without_rows(tmp_path, tables, table, suffix):
    del tables[table][1:]
    assert f"{table}{suffix}: no rows" in refusals(write(tmp_path, tables, suffix))


def test_eight_months_are_too_few(tmp_path):
    folder = write(tmp_path, retailer(months=range(8)))
    assert refusals(folder) == [
        "sales_train.csv: 8 months of sales (2020-01 to 2020-08), expected at least 9:"
        " 6 for the longest lag, one to train on, one to choose on, one to report"
    ]


def test_nine_months_are_enough(tmp_path):
    found = checked(write(tmp_path, retailer(months=range(9))))
    assert (found.first_month, found.last_month) == (0, 8)


@pytest.mark.parametrize("start", [0, 3, 100, 24_240])
def test_months_count_from_wherever_they_start(tmp_path, start):
    tables = retailer(months=range(start + 2, start + 12), start=start)
    found = checked(write(tmp_path, tables))
    assert (found.first_month, found.last_month) == (start + 2, start + 11)
    assert found.calendar.name(found.first_month) == "2020-03"
    assert found.calendar.name(start + 12) == "2021-01"


class TestWarnings:
    """Odd rows are kept, counted, and said."""

    UNSOLD = "items.csv: 1 item never sold"

    def test_items_never_sold(self, tmp_path, tables):
        assert warnings(write(tmp_path / "one", tables)) == [self.UNSOLD]
        tables["items"].append(["another", "99", "1"])
        assert warnings(write(tmp_path / "two", tables)) == [
            "items.csv: 2 items never sold"
        ]

    def test_repeated_rows(self, tmp_path, tables):
        sales = tables["sales_train"]
        sales += [list(sales[5]), list(sales[3]), list(sales[5])]
        assert warnings(write(tmp_path, tables)) == [
            "sales_train.csv: 3 repeated rows, first: row 3",
            self.UNSOLD,
        ]

    def test_rows_that_differ_are_not_repeated(self, tmp_path, tables):
        sales = tables["sales_train"]
        sales.append([*sales[5][:-1], "99"])
        assert warnings(write(tmp_path, tables)) == [self.UNSOLD]

    @pytest.mark.parametrize("price", ["0", "-1", "-0.01"])
    def test_prices_of_0_or_less(self, tmp_path, tables, price):
        put(tables, "sales_train", 4, "item_price", price)
        assert warnings(write(tmp_path, tables)) == [
            "sales_train.csv: 1 row with a price of 0 or less, first: row 4",
            self.UNSOLD,
        ]

    def test_counts_over_1000(self, tmp_path, tables):
        for row, count in ((3, "1000"), (7, "1001"), (5, "2169")):
            put(tables, "sales_train", row, "item_cnt_day", count)
        assert warnings(write(tmp_path, tables)) == [
            "sales_train.csv: 2 rows with a count over 1,000, first: row 5",
            self.UNSOLD,
        ]

    def test_months_without_sales(self, tmp_path):
        folder = write(tmp_path, retailer(months=[0, 1, 2, 4, 5, 6, 7, 9]))
        assert warnings(folder) == [
            "sales_train.csv: months without sales: 2020-04, 2020-09",
            self.UNSOLD,
        ]

    def test_returns_pass_in_silence(self, tmp_path, tables):
        put(tables, "sales_train", 4, "item_cnt_day", "-5")
        assert warnings(write(tmp_path, tables)) == [self.UNSOLD]


def test_the_real_sales_pass_with_warnings_only(ten_months, thirty_four_months):
    assert ten_months.checked.warnings == (
        "sales_train.csv.gz: 1 repeated row, first: row 25569",
        "sales_train.csv.gz: 1 row with a price of 0 or less, first: row 531518",
        "items.csv: 8,224 items never sold",
    )
    assert thirty_four_months.checked.warnings == (
        "sales_train.csv.gz: 1,591 repeated rows, first: row 25569",
        "sales_train.csv.gz: 1 row with a price of 0 or less, first: row 531518",
        "sales_train.csv.gz: 1 row with a count over 1,000, first: row 2896429",
        "items.csv: 363 items never sold",
    )


def test_the_real_calendar(ten_months, thirty_four_months):
    for built, month in ((ten_months, "2013-11"), (thirty_four_months, "2015-11")):
        assert built.checked.calendar.name(built.month) == month
