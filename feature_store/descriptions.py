"""The 44 features in words, derived from their definitions.

`python -m feature_store.descriptions` prints docs/features.md.
"""

import msgspec

from feature_store.definitions import (
    AGGREGATES,
    FEATURES,
    KEYS,
    LAGS,
    TARGET_RANGE,
    pair_column,
)

_KEYS = {
    "shop_id": "the shop",
    "item_id": "the item",
    "date_block_num": "the month to forecast, as the sales count months",
    "item_category_id": "the item's category",
}
_ENTITY = {
    "item_id": "the item, in all shops",
    "shop_id": "the shop, over all items",
    "item_category_id": "the item's category, in all shops",
}
_STATISTIC = {
    ("avg", "item_price"): "mean price of a daily row",
    ("sum", "item_cnt_day"): "units sold, summed over the month,",
    ("avg", "item_cnt_day"): "mean units of a daily row",
}


class Feature(msgspec.Struct, frozen=True):
    """One value of the vector; a key has neither lag nor entity."""

    name: str
    meaning: str
    unit: str
    lag: int | None = None
    entity: str | None = None
    missing: str = "never"


class Features(msgspec.Struct, frozen=True):
    """The vector, in order."""

    total: int
    features: list[Feature]


def describe_features() -> Features:
    """Every feature, in the vector's order."""
    described = {key: Feature(key, _KEYS[key], "id") for key in KEYS}
    for lag in LAGS:
        ago = f"{lag} month{'s' if lag > 1 else ''} before the forecast month"
        for a in AGGREGATES:
            name = a.column(lag)
            what = f"{_STATISTIC[a.statistic, a.measure]} of {_ENTITY[a.entity]}, {ago}"
            unit = "roubles" if a.is_price else "units"
            missing = "median" if a.is_price else "0"
            described[name] = Feature(name, what, unit, lag, a.entity, missing)
        name = pair_column(lag)
        what = f"units that the shop sold of the item, {ago}"
        described[name] = Feature(name, what, "units", lag, "pair", "0")
    return Features(len(FEATURES), [described[name] for name in FEATURES])


def markdown() -> str:
    """docs/features.md."""
    rows = [
        f"| {i} | `{f.name}` | {f.meaning} | {f.unit} | {f.missing} |"
        for i, f in enumerate(describe_features().features, 1)
    ]
    return "\n".join([_HEAD, *rows, ""])


_HEAD = f"""\
# The feature vector

{len(FEATURES)} values, in this order, for one pair of shop and item and one month.
This page is printed by `python -m feature_store.descriptions` from
`feature_store/definitions.py`, where a feature is added.

- Every daily row counts, returns too: nothing is dropped and nothing is clipped.
- A lag's ten values are read from the pair's grid row that many months earlier. The
  grid of a month is every shop with a row that month x every item with one. Where there
  is no such row, all ten are missing together, the shop's and the category's too.
- A missing count becomes 0. A missing price becomes the median of its column over the
  rows of its own month that have it, each pair counted once: for a training month, over
  its grid; for the month to forecast, over the listed pairs. Where no row has it, 0.
- The target of a training row is what the pair sold in its month, clipped to \
{TARGET_RANGE[0]:.0f} to {TARGET_RANGE[1]:.0f}.
- In `features.parquet` the first four are int32, the others float32.

| | name | what it is | unit | where missing |
|---:|---|---|---|---|"""


if __name__ == "__main__":
    print(markdown(), end="")
