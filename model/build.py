"""The whole build: sales files in, a verified folder of artifacts out."""

import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version as library_version
from pathlib import Path

import numpy as np
import xgboost as xgb
from msgspec.structs import replace
from numpy.typing import NDArray

from feature_store import engines
from feature_store.aggregate import MonthlyTables, aggregate
from feature_store.catalogue import Catalogue, write_catalogue
from feature_store.checks import MONTHS_NEEDED, Checked, check
from feature_store.definitions import BASIS, FEATURES, LAG_FEATURES
from feature_store.engines import Engine
from feature_store.errors import BuildError, InputError
from feature_store.gather import LagTables, Pairs, basis, fills, lag_tables
from feature_store.history import write_history
from feature_store.lookup import Store, decode
from feature_store.offline import (
    Listed,
    TrainingRows,
    every_pair,
    known_fill,
    read_listed,
    write_training_rows,
)
from feature_store.progress import Steps
from feature_store.tables import Sales
from model import artifacts, breakdown, pickled, report, report_page, training
from model.manifest import (
    File,
    Holdout,
    Manifest,
    StoreFacts,
    TrainingFacts,
    describe_all,
)
from model.parameters import Parameters
from model.scoring import derive
from model.trial import try_out

LIBRARIES = ("numpy", "pyarrow", "xgboost-cpu", "onnxruntime")
# One to train on, one to choose on, one to report.
MONTHS_TO_TRAIN = 3
# A model this much worse than zero or a constant is not served.
WORST_RATIO = 1.01
DEMO_MARKER = "demo.json"
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Request:
    """What to build: the command's options."""

    data: Path | str  # for Spark, any path that it reads
    out: Path
    month: int | None = None  # None: the month after the last
    pairs: str = "all"  # all, test, or a file's path
    engine: str = "duckdb"  # one of ENGINES
    parameters: Parameters = Parameters()
    training_out: Path | None = None  # a Parquet file for the training rows
    force: bool = False
    keep: int = 3


@dataclass(frozen=True)
class _Data:
    """What the sales files leave behind once they are closed."""

    checked: Checked
    tables: MonthlyTables
    month: int  # the forecast month
    listed: Listed
    daily_rows: int
    inputs: dict[str, File]
    demo: bool
    engine: str  # the package that read and wrote

    def name(self, month: int) -> str:
        return self.checked.calendar.name(month)


def build(request: Request, steps: Steps) -> tuple[Manifest, Path]:
    """Build store and model, and serve them from now on.

    Returns the manifest and the build's folder. Raises InputError for input that
    cannot be used and BuildError for a build that must not be served; either way
    what was served before still is.
    """
    started = time.monotonic()
    try_out(request.parameters.booster)
    with artifacts.staging(request.out) as folder:
        with engines.started(request.engine) as engine:
            data = _read(request, engine, folder, steps)
            store, store_warnings = _write_store(request, engine, data, folder, steps)
        if request.training_out:
            rows = TrainingRows(data.tables)
            calendar = data.checked.calendar
            write_training_rows(request.training_out, rows, calendar, steps)
        trained, model_warnings = _train(request, data, folder, steps)
        with steps.step("Verifying"):
            manifest = Manifest(
                date_block_num=data.month,
                month=data.name(data.month),
                demo=data.demo,
                created=datetime.now(UTC).isoformat(timespec="milliseconds"),
                seconds=round(time.monotonic() - started, 1),
                commit=_commit(),
                store=store,
                training=trained,
                warnings=[*data.checked.warnings, *store_warnings, *model_warnings],
                libraries=_versions(data.engine),
                inputs=data.inputs,
                files=describe_all(folder),
            ).named()
            manifest.write(folder)
            artifacts.Build.open(folder)
        with steps.step("Publishing"):
            published = artifacts.publish(folder, manifest.version, request.keep)
        return manifest, published


def _read(request: Request, engine: Engine, folder: Path, steps: Steps) -> _Data:
    """Read, check and aggregate the sales; writes the catalogue on the way."""
    pairs = None if request.pairs in ("all", "test") else request.pairs
    spill = artifacts.spill_of(folder)
    with (
        steps.step("Reading and checking the sales"),
        engine.open_sales(str(request.data), pairs, spill) as sales,
    ):
        checked = check(sales)
        month = _forecast_month(request, checked, sales)
        tables = aggregate(sales, checked.first_month, month)
        write_catalogue(sales, folder / "catalogue")
        return _Data(
            checked,
            tables,
            month,
            _listed(request, sales, tables),
            sales.rows("SELECT count(*) FROM daily")[0][0],
            {name: File(*found) for name, found in sales.digests().items()},
            sales.holds(DEMO_MARKER),
            engine.package,
        )


def _forecast_month(request: Request, checked: Checked, sales: Sales) -> int:
    first, after_last = checked.first_month + MONTHS_NEEDED, checked.last_month + 1
    if request.month is None:
        return after_last
    if not first <= request.month <= after_last:
        raise InputError(
            f"--month {request.month}: {sales.files['sales_train']} allows"
            f" {first} ({checked.calendar.name(first)}) to"
            f" {after_last} ({checked.calendar.name(after_last)})"
        )
    return request.month


def _listed(request: Request, sales: Sales, tables: MonthlyTables) -> Listed:
    if request.pairs == "test" and "test" not in sales.files:
        raise InputError(f"--pairs test: {request.data} holds no test file")
    return read_listed(sales, tables)


def _write_store(
    request: Request, engine: Engine, data: _Data, folder: Path, steps: Steps
) -> tuple[StoreFacts, list[str]]:
    """Write features.parquet and what the service maps; also returns warnings."""
    tables, listed = data.tables, data.listed.pairs
    lags = lag_tables(tables, data.month)
    found = fills(lags, listed)
    fill = known_fill(found)
    pairs = every_pair(tables.catalogue) if request.pairs == "all" else listed
    features = folder / "features.parquet"
    engine.write_features(features, lags, fill, pairs, listed, steps)
    with steps.step("Decoding the feature store"):
        decode(features, folder / "vectors")
        write_history(tables, folder / "history")
    return StoreFacts(
        features=list(FEATURES),
        first_month=data.name(tables.first_month),
        last_month=data.name(tables.last_month),
        daily_rows=data.daily_rows,
        pairs=len(pairs),
        listed=len(listed),
        listed_from=data.listed.source,
        basis=_count_basis(lags, pairs),
        fills=dict(zip(LAG_FEATURES, fill.tolist(), strict=True)),
    ), [
        f"{name}: no listed pair has it; filled with 0"
        for name, value in zip(LAG_FEATURES, found, strict=True)
        if np.isnan(value)
    ]


def _count_basis(lags: LagTables, pairs: Pairs) -> dict[str, int]:
    counts = sum(
        np.bincount(basis(lags, block), minlength=len(BASIS))
        for block in pairs.blocks()
    )
    return dict(zip(BASIS, np.asarray(counts).tolist(), strict=True))


def _train(
    request: Request, data: _Data, folder: Path, steps: Steps
) -> tuple[TrainingFacts, list[str]]:
    """Choose, hold out, refit and pickle; also returns warnings.

    Raises BuildError where the model is worse than no model at all.
    """
    tables, parameters = data.tables, request.parameters
    months = TrainingRows(tables).months()
    if len(months) < MONTHS_TO_TRAIN:
        raise InputError(
            f"{request.data}: sales in only {len(months)} of the months that can be"
            f" trained on, expected at least {MONTHS_TO_TRAIN}"
        )
    binned = training.Binned(tables, parameters)
    try:
        chosen = training.choose_rounds(binned, months, steps)
        held_out = training.hold_out(binned, months, chosen.rounds, steps)
        with steps.step("Finding where the errors are"):
            figures, intervals = _measure(
                data, chosen, held_out, folder, parameters.at_most
            )
        warnings = judge(figures.holdout, request.force)
        rows = binned.rows(months)
        with steps.step("Training on every month", chosen.rounds) as step:
            booster = training.fit(rows, parameters, chosen.rounds, step)
    except xgb.core.XGBoostError as error:
        raise BuildError(f"XGBoost: {training.reason(error)}") from error
    np.save(folder / artifacts.INTERVALS, intervals)
    difference = _write_model(booster, figures, folder, steps)
    return TrainingFacts(
        first_month=data.name(months[0]),
        rows=rows.num_row(),
        parameters=parameters.as_dict(),
        rounds=chosen.rounds,
        choosing={
            data.name(past.month): error
            for past, error in zip(chosen.trained, chosen.error, strict=True)
        },
        holdout=figures.holdout,
        scorer_difference=difference,
    ), warnings


def _measure(
    data: _Data,
    chosen: training.Chosen,
    held_out: training.Trained,
    folder: Path,
    at_most: int,
) -> tuple[report.Report, NDArray[np.float32]]:
    """Forecast the months that chose the rounds and the last one, and score them.

    Returns the report as far as it does not need the model to serve, and the table of
    intervals to serve, from all these months.
    """
    tables = data.tables
    *past, last = (
        training.forecast(trained, tables, chosen.rounds)
        for trained in (*chosen.trained, held_out)
    )
    listed = breakdown.everywhere(
        tables,
        last.month,
        data.listed.pairs,
        partial(training.predict, held_out.model),
        at_most,
    )
    figures = report.interval_figures(past, last)
    holdout = Holdout(
        date_block_num=last.month,
        month=data.name(last.month),
        rows=len(last.actual),
        row_set="full grid",
        model=last.model,
        baselines=last.baselines,
        listed=listed[0] if len(data.listed.pairs) else None,
        intervals=figures.model,
    )
    categories = Catalogue.open(folder / "catalogue").categories
    return report.Report(
        date_block_num=data.month,
        month=data.name(data.month),
        demo=data.demo,
        holdout=holdout,
        months=[report.month_of(one, data.name(one.month)) for one in (*past, last)],
        errors=report.errors_of(tables, last, listed, categories),
        intervals=figures,
    ), report.table_of([*past, last])


def _write_model(
    booster: xgb.Booster, figures: report.Report, folder: Path, steps: Steps
) -> float:
    """Write the model, its scorer and the report; how far the two differ at most."""
    pickled.save(booster, folder / artifacts.MODEL)
    with steps.step("Deriving the scorer"):
        store = Store(folder / "vectors")
        every_vector = map(store.vectors, store.blocks())
        difference = derive(booster, folder / artifacts.SCORER, every_vector)
    with steps.step("Writing the report"):
        importance = report.importance(booster, store)
        report_page.write(replace(figures, importance=importance), folder)
    return difference


def judge(holdout: Holdout, force: bool) -> list[str]:
    """Warnings on a model that a baseline beats.

    Raises BuildError, unless `force`, where zero or a constant is better by more
    than 1%.
    """
    simple = [s for s in holdout.baselines if s.name in ("zero", "constant")]
    best = min(simple, key=lambda scores: scores.rmse)
    if not holdout.model.rmse <= best.rmse * WORST_RATIO and not force:  # also NaN
        raise BuildError(
            f"the model's error on {holdout.month} is {holdout.model.rmse:.4f},"
            f" {best.name} has {best.rmse:.4f}: not served (--force serves it)"
        )
    if holdout.beats_baselines:
        return []
    best = holdout.best_baseline
    return [
        f"on {holdout.month} the model ({holdout.model.rmse:.4f} RMSE) does not beat"
        f" {best.name} ({best.rmse:.4f})"
    ]


def _versions(engine: str) -> dict[str, str]:
    """The version of each library that the build rests on."""
    return {name: library_version(name) for name in sorted((*LIBRARIES, engine))}


def _commit() -> str | None:
    """The commit of this code, where Git knows it."""
    try:
        found = subprocess.run(
            ["git", "-C", ROOT, "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()
