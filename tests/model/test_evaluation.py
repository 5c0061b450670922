"""Errors beside plain formulas."""

from math import sqrt

import numpy as np
import pytest

from feature_store.definitions import FEATURES
from model.evaluation import baselines, score

PREDICTED = [0.5, -3.0, 25.0, 2.0, 0.0]
ACTUAL = [0.0, 0.0, 20.0, 5.0, 1.0]


def floats(values):
    return np.array(values, np.float32)


def clipped(value):
    return min(max(value, 0.0), 20.0)


def expected(predicted, actual):
    errors = [clipped(p) - a for p, a in zip(predicted, actual, strict=True)]
    count = len(errors)
    return {
        "rmse": sqrt(sum(e * e for e in errors) / count),
        "mae": sum(map(abs, errors)) / count,
        "bias": sum(errors) / count,
    }


def measured(scores):
    return {name: getattr(scores, name) for name in ("rmse", "mae", "bias")}


def test_scores_are_those_of_the_formulas_with_predictions_clipped():
    scores = score("model", floats(PREDICTED), floats(ACTUAL))
    assert scores.name == "model"
    assert measured(scores) == pytest.approx(expected(PREDICTED, ACTUAL))
    by_hand = {"rmse": sqrt(10.25 / 5), "mae": 0.9, "bias": -0.7}
    assert measured(scores) == pytest.approx(by_hand)


def test_a_perfect_forecast_has_no_error():
    perfect = score("model", floats(ACTUAL), floats(ACTUAL))
    assert measured(perfect) == {"rmse": 0.0, "mae": 0.0, "bias": 0.0}


def test_the_baselines_are_zero_a_constant_what_the_pair_sold_and_another_model():
    sold = {1: [1, 0, 30, 2, 0], 2: [0, 0, 9, 2, 1], 3: [2, -6, 0, 2, 5], 6: [7] * 5}
    vectors = np.full((5, 44), 99, np.float32)
    for lag, counts in sold.items():
        vectors[:, FEATURES.index(f"item_cnt_day_lag_{lag}")] = counts
    found = baselines(vectors, floats(ACTUAL), 0.3, floats([0.5, -1, 21, 2, 0]))
    mean = [sum(row) / 3 for row in zip(sold[1], sold[2], sold[3], strict=True)]
    forecasts = {
        "zero": [0.0] * 5,
        "constant": [0.3] * 5,
        "last month": sold[1],
        "mean of last 3": mean,
        "original recipe": [0.5, 0, 20, 2, 0],
    }
    assert [scores.name for scores in found] == list(forecasts)
    for scores, forecast in zip(found, forecasts.values(), strict=True):
        assert measured(scores) == pytest.approx(expected(forecast, ACTUAL))
