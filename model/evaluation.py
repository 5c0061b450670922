"""How far off predictions are, beside baselines."""

import numpy as np
from numpy.typing import NDArray

from feature_store.definitions import FEATURES, LAGS, TARGET_RANGE, pair_column
from model.manifest import Scores


def score(
    name: str, predicted: NDArray[np.float32], actual: NDArray[np.float32]
) -> Scores:
    """RMSE, MAE and bias of predictions clipped as the target is."""
    error = predicted.clip(*TARGET_RANGE).astype(np.float64) - actual
    return Scores(
        name,
        rmse=float(np.sqrt(np.mean(error**2))),
        mae=float(np.mean(np.abs(error))),
        bias=float(np.mean(error)),
    )


def baselines(
    vectors: NDArray[np.float32],
    actual: NDArray[np.float32],
    mean_before: float,
    original: NDArray[np.float32],
) -> list[Scores]:
    """Scores of the forecasts that a model has to beat.

    The constant, `mean_before`, is the mean target of the training rows; last month
    and the mean of the last three are read from the vectors (rows, 44) themselves;
    `original` are the predictions of the service of 2019's recipe.
    """
    sold = np.stack([vectors[:, FEATURES.index(pair_column(lag))] for lag in LAGS[:3]])
    nothing = np.zeros_like(actual)
    return [
        score("zero", nothing, actual),
        score("constant", nothing + np.float32(mean_before), actual),
        score("last month", sold[0], actual),
        score("mean of last 3", sold.mean(axis=0), actual),
        score("original recipe", original, actual),
    ]
