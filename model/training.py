"""Train: choose the rounds on earlier months, hold the last one out, refit with it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from feature_store.aggregate import MonthlyTables
from feature_store.definitions import FEATURES, TARGET_RANGE
from feature_store.offline import Block, training_rows
from feature_store.progress import Step, Steps
from model.parameters import Parameters

CHOOSING_MONTHS = 3


@dataclass(frozen=True)
class Chosen:
    """How many rounds, and the months that chose them with their error then."""

    rounds: int
    months: tuple[int, ...]
    error: tuple[float, ...]  # RMSE by month, at that many rounds


class Rows(xgb.DataIter):
    """Training rows in pieces: memory grows with XGBoost's bins, not with floats."""

    def __init__(
        self, tables: MonthlyTables, months: Sequence[int], sample: float, seed: int
    ) -> None:
        self._blocks: Callable[[], Iterator[Block]] = lambda: training_rows(
            tables, months
        )
        self._sample, self._seed = sample, seed
        self.reset()
        super().__init__(release_data=True)

    def next(self, input_data: Callable[..., None]) -> bool:
        block = next(self._rows, None)
        if block is None:
            return False
        kept = self._random.random(len(block.target)) < self._sample
        input_data(
            data=block.vectors[kept],
            label=block.clipped[kept],
            feature_names=list(FEATURES),
        )
        return True

    def reset(self) -> None:
        # XGBoost reads the rows more than once: each time the same ones.
        self._random = np.random.default_rng(self._seed)
        self._rows = self._blocks()


def matrix(
    tables: MonthlyTables, months: Sequence[int], parameters: Parameters
) -> xgb.DMatrix:
    """The training rows of `months`, binned."""
    seed = int(parameters.booster.get("seed", 0))
    rows = Rows(tables, months, parameters.sample, seed)
    return xgb.QuantileDMatrix(rows, max_bin=parameters.booster.get("max_bin", 256))


def grid_rows(
    tables: MonthlyTables, month: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A month's whole grid: vectors (rows, 44) and the clipped target (rows,)."""
    blocks = list(training_rows(tables, [month]))
    return (
        np.concatenate([block.vectors for block in blocks]),
        np.concatenate([block.clipped for block in blocks]),
    )


def predict(booster: xgb.Booster, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Raw predictions, units: shape (rows,), float32."""
    return np.asarray(booster.inplace_predict(vectors), np.float32)


def fit(
    rows: xgb.DMatrix, parameters: Parameters, rounds: int, step: Step
) -> xgb.Booster:
    """A booster of `rounds` rounds."""
    return xgb.train(
        parameters.booster, rows, rounds, callbacks=[_Advance(step)], verbose_eval=False
    )


def choose_rounds(
    tables: MonthlyTables, training: Sequence[int], parameters: Parameters, steps: Steps
) -> Chosen:
    """The rounds with the least mean error over the months before the last.

    Each of those months is forecast from what precedes it; with short data there
    are fewer of them.
    """
    months = tuple(training[1:-1][-CHOOSING_MONTHS:])
    total = len(months) * parameters.max_rounds
    curves = []
    with steps.step("Choosing the number of trees", total) as step:
        for month in months:
            before = [earlier for earlier in training if earlier < month]
            curves.append(_curve(tables, before, month, parameters, step))
    errors = _padded(curves)
    best = int(errors.mean(axis=0).argmin())
    return Chosen(best + 1, months, tuple(errors[:, best].tolist()))


def _curve(
    tables: MonthlyTables,
    before: Sequence[int],
    month: int,
    parameters: Parameters,
    step: Step,
) -> list[float]:
    """The error on `month` after each round of training on the months `before`."""
    vectors, target = grid_rows(tables, month)
    rows = matrix(tables, before, parameters)
    watched = xgb.QuantileDMatrix(
        vectors, target, ref=rows, feature_names=list(FEATURES)
    )
    errors: dict[str, dict[str, list[float]]] = {}
    xgb.train(
        {**parameters.booster, "disable_default_eval_metric": True},
        rows,
        parameters.max_rounds,
        evals=[(watched, "month")],
        custom_metric=_clipped_rmse,
        early_stopping_rounds=parameters.patience,
        evals_result=errors,  # type: ignore[arg-type]
        callbacks=[_Advance(step)],
        verbose_eval=False,
    )
    return errors["month"]["rmse"]


def _padded(curves: list[list[float]]) -> NDArray[np.float64]:
    """The curves as one array; one that stopped early goes on as it ended."""
    longest = max(map(len, curves))
    return np.array([c + [c[-1]] * (longest - len(c)) for c in curves])


def _clipped_rmse(
    predicted: NDArray[np.float32], rows: xgb.DMatrix
) -> tuple[str, float]:
    error = predicted.clip(*TARGET_RANGE) - rows.get_label()
    return "rmse", float(np.sqrt(np.mean(np.square(error, dtype=np.float64))))


class _Advance(xgb.callback.TrainingCallback):
    """Moves a step on with each round."""

    def __init__(self, step: Step) -> None:
        self._step = step

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        self._step.advance()
        return False
