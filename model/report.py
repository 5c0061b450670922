"""The report of a build: the figures on how good its model was found."""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from feature_store.aggregate import MonthlyTables
from feature_store.definitions import FEATURES, GROUPS
from feature_store.lookup import Store
from model import breakdown
from model.breakdown import CategoryPart
from model.explaining import contributions
from model.intervals import Intervals, fine, learn, tenths
from model.manifest import Coverage, Holdout, Part, Scores
from model.training import Forecast

# Tree SHAP takes milliseconds a row.
EXPLAINED_ROWS = 1000


class Month(msgspec.Struct, frozen=True):
    """A past month, forecast from what precedes it; totals in units over its grid."""

    date_block_num: int
    month: str
    rows: int
    predicted: float
    actual: float
    model: Scores
    baselines: list[Scores]


class Importance(msgspec.Struct, frozen=True):
    """How much the served model rests on a feature.

    `gain` is its share of what all splits won in training; `shap` the mean size of its
    contribution to the margin, over a sample of listed pairs.
    """

    feature: str
    group: str
    gain: float
    shap: float


class Errors(msgspec.Struct, frozen=True, kw_only=True):
    """The held out month's errors by parts of its grid.

    `listed` parts the whole catalogue instead. `decile` holds a tenth of the rows each,
    from the least predicted to the most.
    """

    basis: list[Part]
    listed: list[Part]
    category: list[CategoryPart]
    price: list[Part]
    decile: list[Part]


class IntervalFigures(msgspec.Struct, frozen=True, kw_only=True):
    """How intervals fared in the held out month, learnt from the months before it.

    `one_a_decile` is what the quantiles of each tenth of those months come to.
    """

    model: list[Coverage]
    one_a_decile: list[Coverage]
    decile: list[Coverage]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Every figure of the report."""

    date_block_num: int  # the forecast month
    month: str
    demo: bool
    holdout: Holdout
    months: list[Month]
    errors: Errors
    intervals: IntervalFigures
    importance: list[Importance] = []  # of all features, the largest `shap` first


def table_of(
    forecasts: Sequence[Forecast], bins: Callable[[int], list[int]] = fine
) -> NDArray[np.float32]:
    """The table of Intervals that past months give."""
    predicted = np.concatenate([past.predicted for past in forecasts])
    actual = np.concatenate([past.actual for past in forecasts])
    return learn(predicted, actual, bins)


def month_of(past: Forecast, name: str) -> Month:
    """A past month's figures; `name` is YYYY-MM."""
    return Month(
        past.month,
        name,
        len(past.actual),
        float(past.predicted.sum(dtype=np.float64)),
        float(past.actual.sum(dtype=np.float64)),
        past.model,
        past.baselines,
    )


def errors_of(
    tables: MonthlyTables,
    last: Forecast,
    listed: list[Part],
    categories: dict[int, str],
) -> Errors:
    """The held out month's errors; `categories` are names by id."""
    return Errors(
        basis=breakdown.by_basis(tables, last),
        listed=listed,
        category=breakdown.by_category(tables, last, categories),
        price=breakdown.by_price(tables, last),
        decile=breakdown.by_decile(last),
    )


def interval_figures(past: Sequence[Forecast], last: Forecast) -> IntervalFigures:
    """How intervals learnt from the months `past` fared in the last one."""
    intervals = Intervals(table_of(past))
    one_a_decile = Intervals(table_of(past, bins=tenths))
    return IntervalFigures(
        model=breakdown.coverages(intervals, last),
        one_a_decile=breakdown.coverages(one_a_decile, last),
        decile=breakdown.coverage_by_decile(intervals, last),
    )


def importance(booster: xgb.Booster, store: Store) -> list[Importance]:
    """What a booster rests on, over a sample of the store's listed pairs."""
    scores = booster.get_score(importance_type="total_gain").items()
    gains = {feature: float(np.sum(gain)) for feature, gain in scores}
    total = sum(gains.values()) or 1.0
    sizes = np.abs(contributions(booster, store.vectors(_sample(store))))
    shap = dict(zip(FEATURES, sizes[:, :-1].mean(axis=0).tolist(), strict=True))
    found = [
        Importance(feature, group, gains.get(feature, 0.0) / total, shap[feature])
        for group, features in GROUPS.items()
        for feature in features
    ]
    return sorted(found, key=lambda one: -one.shap)


def _sample(store: Store) -> NDArray[np.intp]:
    """The positions of some listed pairs, or of any where none is listed."""
    positions = np.concatenate(list(store.blocks()))
    listed = positions[store.listed_many(positions)]
    found = listed if len(listed) else positions
    size = min(EXPLAINED_ROWS, len(found))
    return np.random.default_rng(0).choice(found, size, replace=False)
