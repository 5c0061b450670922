"""Train: choose the rounds on earlier months, hold the last one out, refit with it."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from feature_store.aggregate import MonthlyTables
from feature_store.definitions import FEATURES, TARGET_RANGE
from feature_store.offline import Block, TrainingRows
from feature_store.progress import Step, Steps
from model.parameters import Parameters


@dataclass(frozen=True)
class Chosen:
    """How many rounds, and the months that chose them with their error then."""

    rounds: int
    months: tuple[int, ...]
    error: tuple[float, ...]  # RMSE by month, at that many rounds


class Rows(xgb.DataIter):
    """Training rows in pieces: memory grows with XGBoost's bins, not with floats."""

    def __init__(self, read: Callable[[], Iterator[Block]]) -> None:
        self._read = read
        self._blocks = read()
        super().__init__(release_data=True)

    def next(self, input_data: Callable[..., None]) -> bool:
        """Hand XGBoost the next block; False where there is none."""
        block = next(self._blocks, None)
        if block is None:
            return False
        input_data(
            data=block.vectors, label=block.clipped, feature_names=list(FEATURES)
        )
        return True

    def reset(self) -> None:
        """Begin again: XGBoost reads the rows more than once."""
        self._blocks = self._read()


class Binned:
    """Makes training matrices of a retailer's months, all binned alike.

    The first one made fixes the bins, which is most of the work. Months are chosen
    on and held out in order, so that no bin knows a later month.
    """

    def __init__(self, tables: MonthlyTables, parameters: Parameters) -> None:
        self.tables = tables
        self.parameters = parameters
        seed = int(parameters.booster.get("seed", 0))
        self._rows = TrainingRows(tables, parameters.at_most, seed)
        self._first: xgb.QuantileDMatrix | None = None

    def rows(self, months: Sequence[int]) -> xgb.QuantileDMatrix:
        """The training rows of `months`."""
        bins = int(self.parameters.booster.get("max_bin", 256))
        rows = Rows(lambda: self._rows.blocks(months))
        matrix = xgb.QuantileDMatrix(rows, max_bin=bins, ref=self._first)
        self._first = self._first or matrix
        return matrix


def grid_rows(
    tables: MonthlyTables, month: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A month's whole grid: vectors (rows, 44) and the clipped target (rows,)."""
    blocks = list(TrainingRows(tables).blocks([month]))
    return (
        np.concatenate([block.vectors for block in blocks]),
        np.concatenate([block.clipped for block in blocks]),
    )


def predict(booster: xgb.Booster, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Raw predictions, units: shape (rows,), float32."""
    return np.asarray(booster.inplace_predict(vectors), np.float32)


def reason(error: xgb.core.XGBoostError) -> str:
    """What XGBoost says, in one line: its message without time and stack."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return re.sub(r"^\[[0-9:]+\] \S+: ", "", lines[0])


def fit(
    rows: xgb.DMatrix, parameters: Parameters, rounds: int, step: Step
) -> xgb.Booster:
    """A booster of `rounds` rounds."""
    return xgb.train(
        parameters.booster, rows, rounds, callbacks=[_Advance(step)], verbose_eval=False
    )


def choose_rounds(binned: Binned, training: Sequence[int], steps: Steps) -> Chosen:
    """The rounds with the least mean error over the months before the last.

    Each of those months is forecast from what precedes it; with short data there
    are fewer of them.
    """
    parameters = binned.parameters
    months = tuple(training[1:-1][-parameters.choosing_months :])
    curves = []
    total = len(months) * parameters.max_rounds
    with steps.step("Choosing the number of trees", total) as step:
        for month in months:
            before = [earlier for earlier in training if earlier < month]
            curves.append(_curve(binned, before, month, step))
    errors = _padded(curves)
    best = int(errors.mean(axis=0).argmin())
    return Chosen(best + 1, months, tuple(errors[:, best].tolist()))


def _curve(
    binned: Binned, before: Sequence[int], month: int, step: Step
) -> list[float]:
    """The error on `month` after each round of training on the months `before`."""
    parameters = binned.parameters
    rows = binned.rows(before)
    vectors, target = grid_rows(binned.tables, month)
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
        evals_result=errors,
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
