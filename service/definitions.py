"""The 44 features, described for /v1/features from their definitions."""

import msgspec

from feature_store.definitions import AGGREGATES, FEATURES, KEYS, LAGS, pair_column

_KEYS = {
    "shop_id": "the shop",
    "item_id": "the item",
    "date_block_num": "the month to forecast, counted from the first month of 2013 on"
    " 1C's data",
    "item_category_id": "the item's category",
}
_ENTITY = {
    "item_id": "the item, in all shops",
    "shop_id": "the shop, over all items",
    "item_category_id": "the item's category, in all shops",
}
_STATISTIC = {
    ("avg", "item_price"): "mean price of a daily row",
    ("sum", "item_cnt_day"): "units sold in the month",
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
            missing = "median of the listed pairs" if a.is_price else "0"
            described[name] = Feature(name, what, unit, lag, a.entity, missing)
        name = pair_column(lag)
        what = f"units that the shop sold of the item, {ago}"
        described[name] = Feature(name, what, "units", lag, "pair", "0")
    return Features(len(FEATURES), [described[name] for name in FEATURES])
