"""Sales files are read as they are written, or refused in one plain line."""

import gzip
import os

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from feature_store.definitions import MAX_ID
from feature_store.errors import InputError
from feature_store.sales import TABLES, find, open_sales
from tests.feature_store.retailer import (
    csv_text,
    day,
    put,
    retailer,
    write,
    write_table,
)

WHOLE = f"expected a whole number, 0 to {MAX_ID}"
DATE = "expected a date, DD.MM.YYYY or YYYY-MM-DD"
SUFFIXES = [".csv", ".csv.gz", ".parquet"]


def contents(folder, pairs=None):
    """Every table as it was read, in the order of the file."""
    with open_sales(folder, pairs) as sales:
        return {
            table: sales.rows(f"SELECT * FROM {table} ORDER BY rowid")
            for table in sales.files
        }


def refusal(folder, pairs=None):
    """The one line that refuses the folder, without the folder's own name."""
    with pytest.raises(InputError) as caught, open_sales(folder, pairs):
        pass
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message.replace(f"{folder}{os.sep}", "")


def write_parts(folder, rows):
    """The rows in two Parquet files of a folder."""
    folder.mkdir()
    header, *cells = rows
    for part, some in enumerate((cells[:9], cells[9:])):
        write_table(folder / f"part-{part}.parquet", [header, *some])


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """What the small retailer's plain CSV files hold."""
    return contents(write(tmp_path_factory.mktemp("plain"), retailer()))


def test_every_cell_is_typed(plain, tables):
    date, block, shop, item, price, count = tables["sales_train"][1]
    assert plain["sales_train"][0] == (
        pd.to_datetime(date, format="%d.%m.%Y").date(),
        *(int(block), int(shop), int(item), float(price), float(count)),
    )
    assert [len(rows) for rows in plain.values()] == [
        len(tables[table]) - 1 for table in TABLES
    ]
    assert plain["items"][0] == ("item 10", 10, 1)


class TestFormats:
    """The same tables, however they are written."""

    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_each_format_gives_the_same_tables(self, tmp_path, tables, plain, suffix):
        assert contents(write(tmp_path, tables, suffix)) == plain

    def test_formats_may_be_mixed(self, tmp_path, tables, plain):
        for table, suffix in zip(tables, [*SUFFIXES, *SUFFIXES], strict=False):
            write_table(tmp_path / (table + suffix), tables[table])
        assert contents(tmp_path) == plain

    @pytest.mark.parametrize("newline", ["\r\n", "\r"])
    def test_line_ends(self, tmp_path, tables, plain, newline):
        write(tmp_path, tables)
        for table in tables:
            text = csv_text(tables[table], newline)
            (tmp_path / f"{table}.csv").write_bytes(text.encode())
        assert contents(tmp_path) == plain

    def test_no_line_end_at_the_end(self, tmp_path, tables, plain):
        write(tmp_path, tables)
        file = tmp_path / "sales_train.csv"
        file.write_bytes(file.read_bytes().rstrip())
        assert contents(tmp_path) == plain

    def test_a_byte_order_mark_is_no_part_of_the_name(self, tmp_path, tables, plain):
        write(tmp_path, tables)
        file = tmp_path / "sales_train.csv"
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
        assert contents(tmp_path) == plain

    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_columns_may_come_in_any_order(self, tmp_path, tables, plain, suffix):
        turned = {table: [row[::-1] for row in rows] for table, rows in tables.items()}
        assert contents(write(tmp_path, turned, suffix)) == plain

    def test_other_columns_are_ignored_whatever_they_are_called(
        self, tmp_path, tables, plain
    ):
        extra = ["", "DATE", "Item_Id", "note", "note", "", "it's"]
        for rows in tables.values():
            for row in rows:
                row[0:0] = extra
        assert contents(write(tmp_path, tables)) == plain

    @pytest.mark.parametrize(
        "name", ["a, b", 'the "best"', "Мяч, 5\N{NUMERO SIGN}", "two\nlines", "", "#1"]
    )
    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_names_are_kept_to_the_letter(self, tmp_path, tables, name, suffix):
        put(tables, "items", 2, "item_name", name)
        assert contents(write(tmp_path, tables, suffix))["items"][1] == (name, 11, 3)

    @pytest.mark.parametrize(
        "folder",
        ["it's here", 'a "b"', "[ab]", "*", "?", "a*b?[c]{d}", "$HOME", "%s", "день"],
    )
    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_a_path_is_a_name_and_no_pattern(
        self, tmp_path, tables, plain, folder, suffix
    ):
        assert contents(write(tmp_path / folder, tables, suffix)) == plain

    @pytest.mark.parametrize(
        "text", ["05.01.2020", "5.1.2020", "2020-01-05", "2020-01-05 23:59:59"]
    )
    def test_dates(self, tmp_path, tables, text):
        put(tables, "sales_train", 1, "date", text)
        first = contents(write(tmp_path, tables))["sales_train"][0]
        assert str(first[0]) == "2020-01-05"

    @pytest.mark.parametrize(
        ("text", "number"),
        [("1", 1), ("1.0", 1), ("-1", -1), ("+2.5", 2.5), ("1e3", 1000), (".5", 0.5)],
    )
    def test_numbers(self, tmp_path, tables, text, number):
        put(tables, "sales_train", 1, "item_price", text)
        put(tables, "sales_train", 1, "item_cnt_day", text)
        first = contents(write(tmp_path, tables))["sales_train"][0]
        assert first[4:] == (number, number)

    def test_a_parquet_file_of_typed_columns(self, tmp_path, tables, plain):
        """As other tools write them: dates as dates, small integers, decimals."""
        write(tmp_path, tables)
        (tmp_path / "sales_train.csv").unlink()
        rows = pd.DataFrame(tables["sales_train"][1:], columns=tables["sales_train"][0])
        rows["date"] = pd.to_datetime(rows["date"], format="%d.%m.%Y").dt.date
        kinds = {"shop_id": "int8", "item_id": "uint16", "item_cnt_day": "float32"}
        rows = rows.astype({"item_price": "float64", "date_block_num": "int64"} | kinds)
        rows.to_parquet(tmp_path / "sales_train.parquet")
        assert contents(tmp_path) == plain

    @pytest.mark.parametrize("name", ["sales_train", "sales_train.parquet"])
    def test_a_folder_of_parquet_files(self, tmp_path, tables, plain, name):
        write(tmp_path, tables)
        (tmp_path / "sales_train.csv").unlink()
        write_parts(tmp_path / name, tables["sales_train"])
        assert contents(tmp_path) == plain

    def test_test_may_be_missing(self, tmp_path, tables, plain):
        del tables["test"]
        found = contents(write(tmp_path, tables))
        assert found == {k: rows for k, rows in plain.items() if k != "test"}

    def test_a_file_of_pairs_stands_in_for_test(self, tmp_path, tables):
        pairs = tmp_path / "my pairs.csv"
        write_table(pairs, [["item_id", "shop_id"], ["12", "9"]])
        found = contents(write(tmp_path / "data", tables), pairs)
        assert found["test"] == [(9, 12)]


@pytest.mark.parametrize(
    ("table", "column", "text", "message"),
    [
        ("sales_train", "date", "31.02.2020", f"'31.02.2020', {DATE}"),
        ("sales_train", "date", "2020-02-31", f"'2020-02-31', {DATE}"),
        ("sales_train", "date", "01/05/2020", f"'01/05/2020', {DATE}"),
        ("sales_train", "date", "05.01.20", f"'05.01.20', {DATE}"),
        ("sales_train", "date", "5 .01.2020", f"'5 .01.2020', {DATE}"),
        ("sales_train", "date", "05.01.-020", f"'05.01.-020', {DATE}"),
        ("sales_train", "date", "05.01.20.0", f"'05.01.20.0', {DATE}"),
        ("sales_train", "date", "05.01.2020\n", f"'05.01.2020\\n', {DATE}"),
        ("sales_train", "date", "infinity", f"'infinity', {DATE}"),
        ("sales_train", "date", "", f"empty, {DATE}"),
        ("sales_train", "date_block_num", "one", f"'one', {WHOLE}"),
        ("sales_train", "item_price", "cheap", "'cheap', expected a number"),
        ("sales_train", "item_price", "nan", "'nan', expected a number"),
        ("sales_train", "item_price", "inf", "'inf', expected a number"),
        ("sales_train", "item_price", "-Infinity", "'-Infinity', expected a number"),
        ("sales_train", "item_price", "1e39", "'1e39', expected a number"),
        ("sales_train", "item_price", "1_000", "'1_000', expected a number"),
        ("sales_train", "item_price", "1,50", "'1,50', expected a number"),
        ("sales_train", "item_price", "0x10", "'0x10', expected a number"),
        ("sales_train", "item_price", " 5", "' 5', expected a number"),
        ("sales_train", "item_price", "", "empty, expected a number"),
        ("sales_train", "item_price", "x" * 99, f"'{'x' * 60}'..., expected a number"),
        ("sales_train", "item_cnt_day", "two", "'two', expected a number"),
        ("sales_train", "item_cnt_day", "true", "'true', expected a number"),
        ("sales_train", "item_cnt_day", "", "empty, expected a number"),
        ("sales_train", "item_cnt_day", "a\nb", "'a\\nb', expected a number"),
        ("sales_train", "shop_id", "24.0", f"'24.0', {WHOLE}"),
        ("sales_train", "shop_id", "-1", f"'-1', {WHOLE}"),
        ("sales_train", "shop_id", "2147483648", f"'2147483648', {WHOLE}"),
        ("sales_train", "shop_id", "9" * 30, f"'{'9' * 30}', {WHOLE}"),
        ("sales_train", "shop_id", "1e1", f"'1e1', {WHOLE}"),
        ("sales_train", "shop_id", "+24", f"'+24', {WHOLE}"),
        ("sales_train", "shop_id", " 24", f"' 24', {WHOLE}"),
        ("sales_train", "shop_id", "24\n", f"'24\\n', {WHOLE}"),
        ("sales_train", "shop_id", "\N{ARABIC-INDIC DIGIT TWO}", WHOLE),
        ("sales_train", "item_id", "", f"empty, {WHOLE}"),
        ("items", "item_id", "x", f"'x', {WHOLE}"),
        ("items", "item_category_id", "", f"empty, {WHOLE}"),
        ("shops", "shop_id", "24.0", f"'24.0', {WHOLE}"),
        ("item_categories", "item_category_id", "-1", f"'-1', {WHOLE}"),
        ("test", "shop_id", "2147483648", f"'2147483648', {WHOLE}"),
        ("test", "item_id", "nan", f"'nan', {WHOLE}"),
    ],
)
def test_a_bad_cell_is_named_with_its_place_and_what_was_expected(
    tmp_path, tables, table, column, text, message
):
    put(tables, table, 2, column, text)
    found = refusal(write(tmp_path, tables))
    assert found.startswith(f"{table}.csv row 2, column {column}: ")
    assert found.endswith(message)


@pytest.mark.parametrize("suffix", SUFFIXES[:2])
def test_the_first_of_many_bad_cells_is_named_and_they_are_counted(
    tmp_path, tables, suffix
):
    for row in (9, 5, 7):
        put(tables, "sales_train", row, "item_price", f"price {row}")
    assert refusal(write(tmp_path, tables, suffix)) == (
        f"sales_train{suffix} row 5, column item_price: 'price 5',"
        " expected a number (3 such rows)"
    )


def test_a_line_for_each_column_with_bad_cells(tmp_path, tables):
    put(tables, "sales_train", 5, "item_price", "x")
    put(tables, "sales_train", 3, "shop_id", "y")
    with pytest.raises(InputError) as caught, open_sales(write(tmp_path, tables)):
        pass
    assert [
        line.partition("sales_train.csv ")[2] for line in f"{caught.value}".split("\n")
    ] == [
        f"row 3, column shop_id: 'y', {WHOLE}",
        "row 5, column item_price: 'x', expected a number",
    ]


def test_the_row_is_right_deep_in_a_large_file(tmp_path, tables):
    """Large enough for DuckDB to read it in several pieces at once."""
    header, *rows = tables["sales_train"]
    many = rows * (400_000 // len(rows))
    many[345_678 - 1] = [*many[0][:4], "dear", "1"]
    tables["sales_train"] = [header, *many]
    assert refusal(write(tmp_path, tables)) == (
        "sales_train.csv row 345678, column item_price: 'dear', expected a number"
    )


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("item_price", float("nan"), "'nan', expected a number"),
        ("item_price", None, "empty, expected a number"),
        ("item_price", float("inf"), "'inf', expected a number"),
        ("shop_id", 24.0, f"'24.0', {WHOLE}"),
        ("shop_id", -1, f"'-1', {WHOLE}"),
        ("shop_id", 2**31, f"'2147483648', {WHOLE}"),
        ("date", None, f"empty, {DATE}"),
    ],
)
def test_a_bad_value_in_a_parquet_file(tmp_path, tables, column, value, message):
    write(tmp_path, tables, ".parquet")
    file = tmp_path / "sales_train.parquet"
    rows = pq.read_table(file)
    kind = rows.schema.field(column).type if value is None else None
    values = pa.array([value] * len(rows), kind)
    at = rows.column_names.index(column)
    pq.write_table(rows.set_column(at, column, values), file)
    assert refusal(tmp_path) == (
        f"sales_train.parquet row 1, column {column}: {message} ({len(rows)} such rows)"
    )


def test_rows_count_through_all_files_of_a_folder(tmp_path, tables):
    write(tmp_path, tables)
    (tmp_path / "sales_train.csv").unlink()
    put(tables, "sales_train", 12, "shop_id", "-1")
    write_parts(tmp_path / "sales_train", tables["sales_train"])
    assert refusal(tmp_path) == f"sales_train row 12, column shop_id: '-1', {WHOLE}"


class TestFiles:
    """A file that is not there, or not what its name says."""

    @pytest.fixture
    def folder(self, tmp_path, tables):
        return write(tmp_path, tables)

    def test_a_missing_folder(self, tmp_path):
        with pytest.raises(InputError, match="no such folder") as caught:
            find(tmp_path / "nothing")
        assert str(caught.value) == f"{tmp_path / 'nothing'}: no such folder"

    @pytest.mark.parametrize("table", [table for table in TABLES if table != "test"])
    def test_a_missing_file(self, folder, table):
        (folder / f"{table}.csv").unlink()
        assert refusal(folder) == (
            f"{table}: no such file, expected one of .csv, .csv.gz, .parquet"
        )

    def test_two_formats_of_one_file(self, folder, tables):
        write_table(folder / "items.csv.gz", tables["items"])
        assert refusal(folder) == (
            f"{folder}: items.csv and items.csv.gz are two formats of one table,"
            " expected one"
        )

    def test_a_folder_in_the_place_of_a_file(self, folder):
        (folder / "items.csv").unlink()
        (folder / "items.csv").mkdir()
        assert refusal(folder) == (
            "items.csv: a folder without .parquet files, expected a file"
        )

    def test_a_missing_file_of_pairs(self, folder):
        message = refusal(folder, folder / "pairs.csv")
        assert message == "pairs.csv: no such file, expected a file"

    def test_a_file_that_may_not_be_read(self, folder):
        file = folder / "items.csv"
        file.chmod(0)
        if os.access(file, os.R_OK):
            pytest.skip("this user may read everything")
        assert refusal(folder) == "items.csv: Permission denied"

    @pytest.mark.parametrize("suffix", SUFFIXES)
    @pytest.mark.parametrize(
        ("table", "column"),
        [(table, column) for table, kinds in TABLES.items() for column in kinds],
    )
    def test_a_missing_column(self, tmp_path, tables, table, column, suffix):
        at = tables[table][0].index(column)
        for row in tables[table]:
            del row[at]
        rest = ", ".join(map(repr, tables[table][0]))
        assert refusal(write(tmp_path / "data", tables, suffix)) == (
            f"{table}{suffix}: no column {column}; its columns: {rest}"
        )

    def test_a_column_that_is_there_twice(self, tmp_path, tables):
        for row in tables["shops"]:
            row.append(row[1])
        assert refusal(write(tmp_path, tables)) == (
            "shops.csv: column shop_id is there twice, expected once"
        )

    @pytest.mark.parametrize("delimiter", [";", "\t", "|"])
    def test_another_delimiter(self, folder, tables, delimiter):
        text = csv_text(tables["shops"], delimiter=delimiter)
        (folder / "shops.csv").write_text(text)
        header = delimiter.join(tables["shops"][0])
        assert refusal(folder) == (
            f"shops.csv: no column shop_name, shop_id; its columns: {header!r}"
        )

    @pytest.mark.parametrize(
        ("change", "cells"),
        [(lambda row: row.pop(), 5), (lambda row: row.append("7"), 7)],
    )
    @pytest.mark.parametrize("suffix", SUFFIXES[:2])
    def test_a_row_of_another_length(self, tmp_path, tables, change, cells, suffix):
        change(tables["sales_train"][4])
        assert refusal(write(tmp_path, tables, suffix)) == (
            f"sales_train{suffix}: line 5 has {cells} columns, expected 6"
        )

    def test_a_short_row_deep_in_a_large_file(self, tmp_path, tables):
        header, *rows = tables["sales_train"]
        many = rows * (400_000 // len(rows))
        many[345_678 - 2] = many[0][:5]
        tables["sales_train"] = [header, *many]
        assert refusal(write(tmp_path, tables)) == (
            "sales_train.csv: line 345678 has 5 columns, expected 6"
        )

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "no column shop_name, shop_id; its columns: none"),
            (b"\n", "no column shop_name, shop_id; its columns: none"),
            (b'shop_name,shop_id\n"Mir,2\n', "line 2 has a quote that does not end"),
            (
                "shop_name,shop_id\nЯщик,2\n".encode("cp1251"),
                "line 2 is not UTF-8 text, expected a CSV file in UTF-8",
            ),
            (
                "shop_name,shop_id\nЯщик,2\n".encode("utf-16"),
                "line 1 is not UTF-8 text, expected a CSV file in UTF-8",
            ),
            (
                bytes(range(128, 256)),
                "line 1 is not UTF-8 text, expected a CSV file in UTF-8",
            ),
            (
                b"shop_name,shop_id\r\nMir,2\nDom,5\r\n",
                "not a CSV file, or one with mixed line ends",
            ),
        ],
        ids=["empty", "newline", "quote", "cp1251", "utf-16", "binary", "line ends"],
    )
    @pytest.mark.parametrize("suffix", SUFFIXES[:2])
    def test_a_file_that_is_no_csv(self, tmp_path, tables, content, message, suffix):
        write(tmp_path, tables, suffix)
        packed = gzip.compress(content) if suffix == ".csv.gz" else content
        (tmp_path / f"shops{suffix}").write_bytes(packed)
        assert refusal(tmp_path) == f"shops{suffix}: {message}"

    @pytest.mark.parametrize("kept", [20, 400, -8, -1])
    def test_half_a_gzip_file(self, tmp_path, tables, kept):
        write(tmp_path, tables, ".csv.gz")
        file = tmp_path / "sales_train.csv.gz"
        file.write_bytes(file.read_bytes()[:kept])
        assert refusal(tmp_path) == "sales_train.csv.gz: not a whole gzip file"

    def test_a_gzip_file_that_is_none(self, tmp_path, tables):
        write(tmp_path, tables, ".csv.gz")
        (tmp_path / "shops.csv.gz").write_text(csv_text(tables["shops"]))
        assert refusal(tmp_path) == "shops.csv.gz: not a whole gzip file"

    @pytest.mark.parametrize("kept", [0, 4, 400, -8])
    def test_half_a_parquet_file(self, tmp_path, tables, kept):
        write(tmp_path, tables, ".parquet")
        file = tmp_path / "sales_train.parquet"
        file.write_bytes(file.read_bytes()[:kept])
        assert refusal(tmp_path) == "sales_train.parquet: not a whole Parquet file"

    def test_a_parquet_file_with_broken_pages(self, tmp_path, tables):
        write(tmp_path, tables, ".parquet")
        file = tmp_path / "sales_train.parquet"
        file.write_bytes(b"PAR1" + bytes(800) + file.read_bytes()[804:])
        assert refusal(tmp_path).startswith("sales_train.parquet: ")


def test_nothing_is_read_of_a_retailer_elsewhere(tmp_path, tables):
    """A pattern in a folder's name does not reach into another folder."""
    write(tmp_path / "a1", tables)
    put(tables, "sales_train", 1, "date", day(0, 28))
    found = contents(write(tmp_path / "a*", tables))
    assert len(found["sales_train"]) == len(tables["sales_train"]) - 1
