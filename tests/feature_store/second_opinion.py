"""A second opinion on feature vectors: pandas over daily rows, from the rules alone.

Nothing here is shared with the code under test. Names come from the requests that
the original service published.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

PUBLISHED = Path(__file__).resolve().parents[1] / "original_requests.json"
NAMES = json.loads(PUBLISHED.read_text(encoding="utf-8"))["feature_names"]
PAIR = ["shop_id", "item_id"]
TOLERANCE = 1e-5


@dataclass(frozen=True)
class Rule:
    """How one lag value comes about; a test may break one with `replace`."""

    by: tuple[str, ...]
    measure: str
    statistic: str  # as pandas calls it
    lag: int
    fill: str  # zero, or a statistic of the listed pairs that have the value


def rule(name):
    """The rule that a column's name stands for; None for the four leading ones."""
    lag = re.fullmatch(r"(.+)_lag_(\d)", name)
    if lag is None:
        return None
    what, months = lag[1], int(lag[2])
    if what == "item_cnt_day":
        return Rule(tuple(PAIR), "item_cnt_day", "sum", months, "zero")
    by, statistic, measure = re.fullmatch(
        r"(\w+_id)_(avg|sum)_(item_\w+)", what
    ).groups()
    fill = "median" if measure == "item_price" else "zero"
    statistic = {"avg": "mean", "sum": "sum"}[statistic]
    return Rule((by,), measure, statistic, months, fill)


RULES = {name: rule(name) for name in NAMES if rule(name)}


@dataclass(frozen=True)
class Retailer:
    """The daily rows, each with its item's category, and the catalogue."""

    daily: pd.DataFrame
    items: pd.DataFrame
    shops: list[int]
    listed: pd.DataFrame | None  # the pairs of `test`

    @property
    def pairs(self):
        """Every shop of the catalogue with every item."""
        return every(self.shops, self.items["item_id"])

    def grid(self, month):
        """Every shop with a row that month x every item with one."""
        rows = self.daily[self.daily["date_block_num"] == month]
        return every(rows["shop_id"].unique(), rows["item_id"].unique())

    def sold(self, month, pairs):
        """What each pair sold in the month; 0 where it has no daily row."""
        target = Rule(tuple(PAIR), "item_cnt_day", "sum", 0, "zero")
        return lag_value(self.daily, month, pairs, target).fillna(0)

    def lists(self, pairs):
        """Whether each pair is one of `test`."""
        return pd.MultiIndex.from_frame(pairs[PAIR]).isin(
            pd.MultiIndex.from_frame(self.listed)
        )


def read(folder):
    """The retailer in a folder of CSV files."""
    tables = {path.name.partition(".")[0]: path for path in folder.glob("*.csv*")}
    items = pd.read_csv(tables["items"])[["item_id", "item_category_id"]]
    listed = pd.read_csv(tables["test"])[PAIR] if "test" in tables else None
    daily = pd.read_csv(tables["sales_train"]).merge(items, on="item_id")
    return Retailer(daily, items, list(pd.read_csv(tables["shops"])["shop_id"]), listed)


def every(shops, items):
    """Each shop with each item, in order."""
    index = pd.MultiIndex.from_product([sorted(shops), sorted(items)], names=PAIR)
    return index.to_frame(index=False)


def vectors(retailer, month, pairs, listed=None, rules=RULES):
    """The pairs' vectors for `month`: a column for each of `rules`, after the four
    leading ones. `listed` says which pairs the fills come from, all of them if None.
    """
    keys = leading(retailer, month, pairs)
    listed = np.ones(len(keys), bool) if listed is None else listed
    values = {n: lag_value(retailer.daily, month, keys, r) for n, r in rules.items()}
    return keys.assign(
        **{name: fill(rules[name], values[name], listed) for name in rules}
    )


def leading(retailer, month, pairs):
    """The four leading columns."""
    keys = pairs.merge(retailer.items, on="item_id", how="left")
    return keys.assign(date_block_num=month)[NAMES[:4]]


def lag_value(daily, month, pairs, rule):
    """The column before it is filled: NaN where the pair has no grid row."""
    rows = daily[daily["date_block_num"] == month - rule.lag]
    values = rows.groupby(list(rule.by))[rule.measure].agg(rule.statistic)
    column = pairs.join(values.rename("value"), on=list(rule.by))["value"]
    if rule.by == tuple(PAIR):
        column = column.fillna(0)  # on the grid, but not sold
    return column.where(on_grid(rows, pairs))


def on_grid(rows, pairs):
    """Whether shop and item both have a row among a month's."""
    shop = pairs["shop_id"].isin(rows["shop_id"])
    return shop & pairs["item_id"].isin(rows["item_id"])


def fill(rule, column, listed):
    """The column with its gaps filled from its listed rows."""
    value = 0.0 if rule.fill == "zero" else column[listed].agg(rule.fill)
    return column.fillna(0.0 if np.isnan(value) else value)


def basis(retailer, month, pairs):
    """What each pair's number rests on."""
    lags = {rule.lag for rule in RULES.values()}
    rows = [retailer.daily[retailer.daily["date_block_num"] == month - n] for n in lags]
    sold = pd.MultiIndex.from_frame(pd.concat(rows)[PAIR])
    pair = pd.MultiIndex.from_frame(pairs[PAIR]).isin(sold)
    item = np.any([on_grid(month_rows, pairs) for month_rows in rows], axis=0)
    return np.select([pair, item], ["pair", "item"], "none")


def assert_same(actual, expected):
    """Fails where any value differs, with a line a column."""
    found = differences(actual, expected)
    if found:
        raise AssertionError("\n".join(found))


def differences(actual, expected):
    """A line a column that differs by more than TOLERANCE, with its first pair."""
    assert len(actual) == len(expected)
    return [
        f"{name}: {int(wrong.sum())} rows, first: shop {first['shop_id']}"
        f" item {first['item_id']}: {actual[name].iloc[at]}, expected {first[name]}"
        for name in expected
        for wrong in [~np.isclose(actual[name], expected[name], TOLERANCE, 0.0)]
        if wrong.any()
        for at in [int(wrong.argmax())]
        for first in [expected.iloc[at]]
    ]
