"""Tries a booster's parameters on a few rows, so that a long run does not stop at them.

XGBoost passes over a name that it does not know with a warning, and refuses a value
only once the rows are there.
"""

import re
import warnings
from collections.abc import Mapping

import numpy as np
import xgboost as xgb

from feature_store.definitions import FEATURES
from feature_store.errors import InputError
from model.onnx_trees import IDENTITY, LOG_LINK
from model.parameters import Value
from model.training import reason

# What can be served: trees, with one number a row.
SERVED: dict[str, tuple[str, ...]] = {
    "objective": LOG_LINK + IDENTITY,
    "booster": ("gbtree",),
}
_ROWS = 64


def try_out(booster: Mapping[str, Value]) -> None:
    """Raise InputError naming the first of a booster's parameters that is wrong."""
    for name, served in SERVED.items():
        if booster.get(name, served[0]) not in served:
            raise InputError(
                f"{_shown(name, booster[name])} and cannot be served; these can:"
                f" {', '.join(served)}"
            )
    try:
        unknown = _train(booster)
    except xgb.core.XGBoostError as error:
        raise InputError(_culprit(booster, error)) from error
    for name in booster:
        if name in unknown:
            raise InputError(
                f"{_shown(name, booster[name])}: XGBoost has no such parameter, or"
                " none for this objective"
            )


def _train(booster: Mapping[str, Value]) -> set[str]:
    """The names that XGBoost passes over. Raises XGBoostError."""
    random = np.random.default_rng(0)
    vectors = random.random((_ROWS, len(FEATURES)), np.float32)
    bins = int(booster.get("max_bin", 256))
    parameters = {**booster, "nthread": 1, "verbosity": 1}
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        rows = xgb.QuantileDMatrix(vectors, np.arange(_ROWS) % 3, max_bin=bins)
        xgb.train(parameters, rows, 1, evals=[(rows, "rows")], verbose_eval=False)
    lists = [re.search(r"{ (.*) } are not used", str(one.message)) for one in said]
    return {name for found in lists if found for name in re.findall(r"\w+", found[1])}


def _culprit(booster: Mapping[str, Value], error: xgb.core.XGBoostError) -> str:
    """What is wrong: with the one parameter that fails alone, else as XGBoost says."""
    for name, value in booster.items():
        try:
            _train({name: value})
        except xgb.core.XGBoostError as alone:
            return f"{_shown(name, value)}: {reason(alone)}"
    return f"booster: {reason(error)}"


def _shown(name: str, value: Value) -> str:
    return f"booster: {name} is {value!r}"
