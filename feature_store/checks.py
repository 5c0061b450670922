"""What sales data must hold before anything is built on it, and what is only odd."""

from collections.abc import Callable
from dataclasses import dataclass

from feature_store.definitions import LAGS
from feature_store.errors import InputError
from feature_store.months import Calendar
from feature_store.tables import Sales

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
            f"SELECT count(*), min(row), min_by({column}, row)"
            f" FROM (SELECT rowid + 1 AS row, {column} FROM {table}) AS found"
            f" ANTI JOIN {catalogue} USING ({column})"
        )[0]
        trouble = f"{value}, expected one of {sales.name(catalogue)}"
        return [sales.place(table, row, column, trouble, count)] if count else []

    return find


def _repeated(table: str, *key: str) -> Callable[[Sales, Calendar], list[str]]:
    columns = ", ".join(key)

    def find(sales: Sales, _: Calendar) -> list[str]:
        if table not in sales.files:
            return []
        first_values = ", ".join(f"min_by({column}, row)" for column in key)
        count, row, first, *values = sales.rows(
            f"SELECT count(*), min(row), min_by(first, row), {first_values}"
            f" FROM (SELECT {columns}, rowid + 1 AS row, min(rowid + 1)"
            f" OVER (PARTITION BY {columns}) AS first FROM {table}) AS numbered"
            " WHERE row > first"
        )[0]
        named = ", ".join(map(str, values))
        trouble = f"{named} again, expected once{sales.at(' (row {} too)', first)}"
        return [sales.place(table, row, columns, trouble, count)] if count else []

    return find


def _outside_month(sales: Sales, calendar: Calendar) -> list[str]:
    count, row, date, block = sales.rows(
        "SELECT count(*), min(rowid) + 1, min_by(date, rowid),"
        " min_by(date_block_num, rowid) FROM sales_train"
        f" WHERE {_START} != {calendar.start}"
    )[0]
    if not count:
        return []
    expected = f"a day of {calendar.name(block)} (date_block_num {block})"
    trouble = f"{date}, expected {expected}"
    return [sales.place("sales_train", row, "date", trouble, count)]


def _odd_rows(what: str, condition: str) -> Callable[[Sales, Calendar], list[str]]:
    def find(sales: Sales, _: Calendar) -> list[str]:
        count, row = sales.rows(
            f"SELECT count(*), min(rowid) + 1 FROM sales_train WHERE {condition}"
        )[0]
        return [_odd(sales, f"{_plural(count, 'row')} {what}", row)] if count else []

    return find


def _repeated_rows(sales: Sales, _: Calendar) -> list[str]:
    # Few days have a pair twice: only their rows are compared whole.
    count, row = sales.rows(
        "SELECT sum(repeats), min(row) FROM (SELECT count(*) - 1 AS repeats,"
        " min(rowid) + 1 AS row FROM sales_train SEMI JOIN"
        " (SELECT date, shop_id, item_id FROM sales_train"
        " GROUP BY date, shop_id, item_id HAVING count(*) > 1) AS twice"
        " USING (date, shop_id, item_id)"
        " GROUP BY date, shop_id, item_id, item_price, item_cnt_day"
        " HAVING count(*) > 1)"
    )[0]
    return [_odd(sales, _plural(count, "repeated row"), row)] if count else []


def _empty_months(sales: Sales, calendar: Calendar) -> list[str]:
    months = {
        row[0] for row in sales.rows("SELECT DISTINCT date_block_num FROM sales_train")
    }
    empty = sorted(set(range(min(months), max(months))) - months)
    name = sales.name("sales_train")
    named = ", ".join(calendar.name(month) for month in empty)
    return [f"{name}: months without sales: {named}"] if empty else []


def _never_sold(sales: Sales, _: Calendar) -> list[str]:
    count = sales.rows(
        "SELECT count(*) FROM items ANTI JOIN sales_train USING (item_id)"
    )[0][0]
    name = sales.name("items")
    return [f"{name}: {_plural(count, 'item')} never sold"] if count else []


def _odd(sales: Sales, what: str, row: int) -> str:
    return f"{sales.name('sales_train')}: {what}{sales.at(', first: row {}', row)}"


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
