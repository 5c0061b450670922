"""Builds that take half a second: ten months of a retailer of a hundred items."""

import shutil
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import xgboost as xgb

from feature_store.aggregate import aggregate
from feature_store.checks import check
from feature_store.definitions import FEATURES
from feature_store.demo import write_demo
from feature_store.progress import steps
from feature_store.sales import open_sales
from model import manifest as manifests
from model import pickled
from model.build import Request, build
from model.parameters import COUNTS, Parameters

MONTHS = range(10)
# Few rows: leaves may be small. One thread: many would wait for one another longer
# than they work.
BOOSTER = COUNTS | {"min_child_weight": 10, "nthread": 1}
PARAMETERS = Parameters(booster=BOOSTER, max_rounds=3, choosing_months=1)


def write_tiny(folder, months=MONTHS, items=100, test=True):
    """The demo retailer's files, with the sales of some months; returns `folder`."""
    write_demo(folder, items=items)
    keep_months(folder, folder, months)
    if not test:
        (folder / "test.csv.gz").unlink()
    return folder


def keep_months(data, out, months):
    """Write `data` to `out` with the sales of some months only."""
    if out != data:
        shutil.copytree(data, out, dirs_exist_ok=True)
    sales = pd.read_csv(data / "sales_train.csv.gz")
    kept = sales[sales.date_block_num.isin(months)]
    kept.to_csv(out / "sales_train.csv.gz", index=False)


def build_tiny(data, out, *, parameters=PARAMETERS, **options):
    """Build silently; the manifest and the folder."""
    with steps() as shown:
        return build(Request(data, out, parameters=parameters, **options), shown)


def built_with(base_score, data, out):
    """A build whose raw predictions are all near `base_score`, however bad."""
    booster = {
        "objective": "reg:squarederror",
        "base_score": base_score,
        "eta": 0.001,
        "nthread": 1,
    }
    one_tree = Parameters(booster=booster, max_rounds=1, choosing_months=1)
    return build_tiny(data, out, parameters=one_tree, force=True)


def copied(artifacts, out):
    """A copy of an artifacts folder, and the folder of its current build."""
    shutil.copytree(artifacts, out, symlinks=True)
    return out, (out / "current").resolve()


def sign(folder, **changes):
    """Have a build's manifest name its files as they are now, its version too."""
    found = manifests.read(folder)
    files = manifests.describe_all(folder)
    msgspec.structs.replace(found, files=files, **changes).named().write(folder)


def snapshot(artifacts: Path) -> dict[str, object]:
    """All that is served: where `current` points, and every byte there."""
    link = artifacts / "current"
    files = sorted(path for path in link.rglob("*") if path.is_file())
    return {"current": link.readlink()} | {
        str(path.relative_to(artifacts)): path.read_bytes() for path in files
    }


def any_booster(features=FEATURES):
    """A booster of a handful of made-up rows."""
    random = np.random.default_rng(1)
    rows = xgb.DMatrix(
        random.random((50, len(features))),
        random.random(50),
        feature_names=list(features),
    )
    return xgb.train({"max_depth": 2, "nthread": 1}, rows, 2)


def tables_of(data):
    """The monthly tables of a folder of sales."""
    with open_sales(data) as sales:
        checked = check(sales)
        return aggregate(sales, checked.first_month, checked.last_month + 1)


def trees_of(folder):
    """A build's trees as text, one a tree."""
    path = folder / "model.pkl"
    booster = pickled.load(path.read_bytes(), str(path))
    return booster.get_dump(with_stats=True)
