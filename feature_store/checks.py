"""What sales data must hold before anything is built on it, and what is only odd."""

from collections.abc import Callable
from dataclasses import dataclass

from feature_store.definitions import LAGS
from feature_store.errors import InputError
from feature_store.months import Calendar
from feature_store.sales import Sales, place

# Six for the longest lag, one to train on, one to choose on, one to report.
MONTHS_NEEDED = max(LAGS) + 3
LARGE_COUNT = 1000

# The calendar's start, as one row of sales has it.
_START = "year(date) * 12 + month(date) - 1 - date_block_num"


@dataclass(frozen=True)
class Checked:
    """What the checks learnt: the calendar, the months with sales, and warnings."""

    calendar: Calendar
    first_month: int  # date_block_num
    last_month: int  # date_block_num
    warnings: tuple[str, ...]


def check(sales: Sales) -> Checked:
    """Check the tables against one another.

    Raises InputError, one line a kind of trouble with its first row and count:
    an empty table, an id that the catalogue lacks, a repeated id or test pair, a
    date outside its month, or fewer than nine months.
    """
    _raise_all([line for table in sales.files for line in _empty(sales, table)])
    calendar = _calendar(sales)
    _raise_all([line for find in _ERRORS for line in find(sales, calendar)])
    first, last = sales.rows(
        "SELECT min(date_block_num), max(date_block_num) FROM sales_train"
    )[0]
    if last - first + 1 < MONTHS_NEEDED:
        raise InputError(
            f"{sales.files['sales_train']}: {last - first + 1} months of sales"
            f" ({calendar.name(first)} to {calendar.name(last)}), expected at least"
            f" {MONTHS_NEEDED}: {max(LAGS)} for the longest lag, one to train on,"
            " one to choose on, one to report"
        )
    warnings = [line for find in _WARNINGS for line in find(sales, calendar)]
    return Checked(calendar, first, last, tuple(warnings))


def _raise_all(lines: list[str]) -> None:
    if lines:
        raise InputError("\n".join(lines))


def _calendar(sales: Sales) -> Calendar:
    """The calendar that most rows agree on; the others are errors."""
    return Calendar(sales.rows(f"SELECT mode({_START}) FROM sales_train")[0][0])


def _empty(sales: Sales, table: str) -> list[str]:
    if sales.rows(f"SELECT 1 FROM {table} LIMIT 1"):
        return []
    return [f"{sales.files[table]}: no rows"]


def _unknown(
    table: str, column: str, catalogue: str
) -> Callable[[Sales, Calendar], list[str]]:
    def find(sales: Sales, _: Calendar) -> list[str]:
        if table not in sales.files:
            return []
        count, row, value = sales.rows(
            f"SELECT count(*), min(row), arg_min({column}, row)"
            f" FROM (SELECT rowid + 1 AS row, {column} FROM {table})"
            f" ANTI JOIN {catalogue} USING ({column})"
        )[0]
        trouble = f"{value}, expected one of {sales.files[catalogue].name}"
        path = sales.files[table]
        return [place(path, row, column, trouble, count)] if count else []

    return find


def _repeated(table: str, *key: str) -> Callable[[Sales, Calendar], list[str]]:
    columns = ", ".join(key)

    def find(sales: Sales, _: Calendar) -> list[str]:
        if table not in sales.files:
            return []
        rows = sales.rows(
            f"SELECT {columns}, first, row, count(*) OVER () FROM (SELECT {columns},"
            f" rowid + 1 AS row, min(rowid + 1) OVER (PARTITION BY {columns}) AS first"
            f" FROM {table}) WHERE row > first ORDER BY row LIMIT 1"
        )
        return [
            place(
                sales.files[table],
                row,
                columns,
                f"{', '.join(map(str, values))} again, expected once (row {first} too)",
                count,
            )
            for *values, first, row, count in rows
        ]

    return find


def _outside_month(sales: Sales, calendar: Calendar) -> list[str]:
    count, row, date, block = sales.rows(
        "SELECT count(*), min(rowid) + 1, arg_min(date, rowid),"
        " arg_min(date_block_num, rowid) FROM sales_train"
        f" WHERE {_START} != {calendar.start}"
    )[0]
    if not count:
        return []
    expected = f"a day of {calendar.name(block)} (date_block_num {block})"
    trouble = f"{date}, expected {expected}"
    return [place(sales.files["sales_train"], row, "date", trouble, count)]


def _odd_rows(what: str, condition: str) -> Callable[[Sales, Calendar], list[str]]:
    def find(sales: Sales, _: Calendar) -> list[str]:
        count, row = sales.rows(
            f"SELECT count(*), min(rowid) + 1 FROM sales_train WHERE {condition}"
        )[0]
        name = sales.files["sales_train"].name
        return (
            [f"{name}: {_plural(count, 'row')} {what}, first: row {row}"]
            if count
            else []
        )

    return find


def _repeated_rows(sales: Sales, _: Calendar) -> list[str]:
    count, row = sales.rows(
        "SELECT sum(repeats), min(row) FROM (SELECT count(*) - 1 AS repeats,"
        " min(rowid) + 1 AS row FROM sales_train"
        " GROUP BY hash(date, shop_id, item_id, item_price, item_cnt_day)"
        " HAVING repeats > 0)"
    )[0]
    name = sales.files["sales_train"].name
    return (
        [f"{name}: {_plural(count, 'repeated row')}, first: row {row}"] if count else []
    )


def _empty_months(sales: Sales, calendar: Calendar) -> list[str]:
    months = {
        row[0] for row in sales.rows("SELECT DISTINCT date_block_num FROM sales_train")
    }
    empty = sorted(set(range(min(months), max(months))) - months)
    name = sales.files["sales_train"].name
    named = ", ".join(calendar.name(month) for month in empty)
    return [f"{name}: months without sales: {named}"] if empty else []


def _never_sold(sales: Sales, _: Calendar) -> list[str]:
    count = sales.rows(
        "SELECT count(*) FROM items ANTI JOIN sales_train USING (item_id)"
    )[0][0]
    name = sales.files["items"].name
    return [f"{name}: {_plural(count, 'item')} never sold"] if count else []


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


_ERRORS = (
    _repeated("items", "item_id"),
    _repeated("shops", "shop_id"),
    _repeated("item_categories", "item_category_id"),
    _repeated("test", "shop_id", "item_id"),
    _unknown("items", "item_category_id", "item_categories"),
    _unknown("sales_train", "shop_id", "shops"),
    _unknown("sales_train", "item_id", "items"),
    _unknown("test", "shop_id", "shops"),
    _unknown("test", "item_id", "items"),
    _outside_month,
)

_WARNINGS = (
    _repeated_rows,
    _odd_rows("with a price of 0 or less", "item_price <= 0"),
    _odd_rows(f"with a count over {LARGE_COUNT:,}", f"item_cnt_day > {LARGE_COUNT}"),
    _empty_months,
    _never_sold,
)
