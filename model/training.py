"""Train: choose the rounds on earlier months, hold the last one out, refit with it."""

import re
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from feature_store.aggregate import MonthlyTables
from feature_store.definitions import FEATURES, TARGET_RANGE
from feature_store.offline import Block, TrainingRows
from feature_store.progress import Step, Steps
from model.evaluation import baselines, score
from model.manifest import Scores
from model.parameters import Parameters, Value

# The recipe of the service of 2019, which learnt what was sold as it is, not clipped.
ORIGINAL: dict[str, Value] = {
    "objective": "reg:squarederror",
    "tree_method": "hist",
    "max_depth": 3,
    "eta": 0.3,
    "base_score": 0.5,
}
ORIGINAL_ROUNDS = 5


@dataclass(frozen=True)
class Trained:
    """What was learnt from the months before `month`: the model and two baselines."""

    month: int
    model: xgb.Booster
    original: xgb.Booster  # by the recipe ORIGINAL, on the same rows
    mean: float  # target of those rows


@dataclass(frozen=True)
class Forecast:
    """A past month's grid as it was forecast from what precedes it, and as it came.

    `predicted` and `actual` are units by grid row, float32, clipped to TARGET_RANGE.
    """

    month: int
    predicted: NDArray[np.float32]
    actual: NDArray[np.float32]
    model: Scores
    baselines: list[Scores]


@dataclass(frozen=True)
class Chosen:
    """How many rounds, and what chose them, by month."""

    rounds: int
    trained: tuple[Trained, ...]
    error: tuple[float, ...]  # RMSE at that many rounds


@contextmanager
def unbroken() -> Iterator[None]:
    """Ctrl-C waits for the end of the block, in which XGBoost asks for rows.

    XGBoost calls Python for them, and a KeyboardInterrupt there is passed over or
    ends the process.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if pressed:
            signal.raise_signal(signal.SIGINT)


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
        with unbroken():
            matrix = xgb.QuantileDMatrix(rows, max_bin=bins, ref=self._first)
        self._first = self._first or matrix
        return matrix

    def targets(self, months: Sequence[int]) -> NDArray[np.float32]:
        """What the rows of `months` sold: units, not clipped."""
        return self._rows.targets(months)


def grid_rows(
    tables: MonthlyTables, month: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A month's whole grid: vectors (rows, 44) and the clipped target (rows,)."""
    blocks = list(TrainingRows(tables).blocks([month]))
    return (
        np.concatenate([block.vectors for block in blocks]),
        np.concatenate([block.clipped for block in blocks]),
    )


def predict(
    booster: xgb.Booster, vectors: NDArray[np.float32], rounds: int = 0
) -> NDArray[np.float32]:
    """Raw predictions, units: shape (rows,), float32; by `rounds` of them, or all."""
    last = min(rounds, booster.num_boosted_rounds())
    scored = booster.inplace_predict(vectors, iteration_range=(0, last))
    return np.asarray(scored, np.float32)


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


def choose_rounds(
    binned: Binned,
    training: Sequence[int],
    steps: Steps,
    name: str = "Choosing the number of trees",
) -> Chosen:
    """The rounds with the least mean error over the months before the last.

    Each of those months is forecast from what precedes it; with short data there
    are fewer of them.
    """
    parameters = binned.parameters
    months = training[1:-1][-parameters.choosing_months :]
    curves, trained = [], []
    total = len(months) * parameters.max_rounds
    with steps.step(name, total) as step:
        for month in months:
            before = [earlier for earlier in training if earlier < month]
            curve, learnt = _curve(binned, before, month, step)
            curves.append(curve)
            trained.append(learnt)
    errors = _padded(curves)
    best = int(errors.mean(axis=0).argmin())
    return Chosen(best + 1, tuple(trained), tuple(errors[:, best].tolist()))


def hold_out(
    binned: Binned, training: Sequence[int], rounds: int, steps: Steps
) -> Trained:
    """What is learnt from the months before the last of `training`."""
    *before, month = training
    rows = binned.rows(before)
    with steps.step("Holding the last month out", rounds) as step:
        booster = fit(rows, binned.parameters, rounds, step)
    return _beside_baselines(booster, binned, rows, before, month)


def _beside_baselines(
    booster: xgb.Booster,
    binned: Binned,
    rows: xgb.QuantileDMatrix,
    before: Sequence[int],
    month: int,
) -> Trained:
    """A booster with the baselines that are learnt from the same rows."""
    mean = float(rows.get_label().mean())
    rows.set_label(binned.targets(before))
    threads = {"nthread": binned.parameters.booster.get("nthread", 0)}
    original = xgb.train(ORIGINAL | threads, rows, ORIGINAL_ROUNDS)
    return Trained(month, booster, original, mean)


def forecast(trained: Trained, tables: MonthlyTables, rounds: int) -> Forecast:
    """The month after those that were learnt from, by `rounds` rounds of the model."""
    vectors, actual = grid_rows(tables, trained.month)
    predicted = predict(trained.model, vectors, rounds)
    original = predict(trained.original, vectors)
    return Forecast(
        trained.month,
        predicted.clip(*TARGET_RANGE),
        actual,
        score("model", predicted, actual),
        baselines(vectors, actual, trained.mean, original),
    )


def _curve(
    binned: Binned, before: Sequence[int], month: int, step: Step
) -> tuple[list[float], Trained]:
    """The error on `month` after each round of training on the months `before`."""
    parameters = binned.parameters
    rows = binned.rows(before)
    vectors, target = grid_rows(binned.tables, month)
    with unbroken():
        watched = xgb.QuantileDMatrix(
            vectors, target, ref=rows, feature_names=list(FEATURES)
        )
    errors: dict[str, dict[str, list[float]]] = {}
    booster = xgb.train(
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
    trained = _beside_baselines(booster, binned, rows, before, month)
    return errors["month"]["rmse"], trained


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
