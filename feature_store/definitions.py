"""The feature vector: what each of its 44 values is, and in which order.

Everything that names a feature derives from this table: queries, gather, model,
service and documentation. A feature is added here and nowhere else.
"""

from dataclasses import dataclass

KEYS = ("shop_id", "item_id", "date_block_num", "item_category_id")
ENTITIES = ("item_id", "shop_id", "item_category_id")
LAGS = (1, 2, 3, 6)
TARGET = "item_cnt_day"
TARGET_RANGE = (0.0, 20.0)
MAX_ID = 2**31 - 1

# What a prediction rests on, by the code that stands for it in arrays.
BASIS = ("none", "item", "pair")


@dataclass(frozen=True)
class Aggregate:
    """One statistic of one daily measure, by entity and month."""

    entity: str  # item_id, shop_id or item_category_id
    statistic: str  # avg or sum
    measure: str  # item_price or item_cnt_day

    @property
    def name(self) -> str:
        """Its column in an entity's monthly table, e.g. `avg_item_price`."""
        return f"{self.statistic}_{self.measure}"

    @property
    def is_price(self) -> bool:
        """A missing price is filled with a median, a missing count with 0."""
        return self.measure == "item_price"

    def column(self, lag: int) -> str:
        """Its name in the vector, e.g. `shop_id_avg_item_price_lag_1`."""
        return f"{self.entity}_{self.name}_lag_{lag}"


STATISTICS = (("avg", "item_price"), ("sum", "item_cnt_day"), ("avg", "item_cnt_day"))
AGGREGATES = tuple(
    Aggregate(entity, statistic, measure)
    for entity in ENTITIES
    for statistic, measure in STATISTICS
)


def pair_column(lag: int) -> str:
    """The name of what the pair itself sold `lag` months ago."""
    return f"{TARGET}_lag_{lag}"


LAG_FEATURES = tuple(
    column
    for lag in LAGS
    for column in (*(a.column(lag) for a in AGGREGATES), pair_column(lag))
)
FEATURES = KEYS + LAG_FEATURES
PRICE_FEATURES = tuple(a.column(lag) for lag in LAGS for a in AGGREGATES if a.is_price)


def _counts_of(entity: str) -> tuple[str, ...]:
    """The features that count what an entity sold."""
    own = [a for a in AGGREGATES if a.entity == entity and not a.is_price]
    return tuple(a.column(lag) for lag in LAGS for a in own)


# For people, 44 values are too many: the same, by what they tell of.
GROUPS = {
    "pair": tuple(pair_column(lag) for lag in LAGS),
    "item": _counts_of("item_id"),
    "shop": _counts_of("shop_id"),
    "category": _counts_of("item_category_id"),
    "prices": PRICE_FEATURES,
    "ids": KEYS,
}
