"""The Spark engine gives the DuckDB engine's store, and refuses what that refuses."""

import importlib.util
import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.dataset as ds
import pytest

from feature_store.definitions import FEATURES, KEYS, LAG_FEATURES, MAX_ID
from feature_store.lookup import Store
from feature_store.tables import digest
from tests.feature_store.retailer import put, retailer, write

ROOT = Path(__file__).resolve().parents[2]
PAIR = ["shop_id", "item_id"]
# Small and quick to start: a machine's own defaults are for large data.
CONFIGURATION = """\
spark.master local[2]
spark.driver.memory 512m
spark.driver.extraJavaOptions -XX:TieredStopAtLevel=1
spark.driver.bindAddress 127.0.0.1
spark.driver.host 127.0.0.1
spark.sql.shuffle.partitions 2
spark.ui.enabled false
"""
# Prints what refuses each folder, in one session.
REFUSE = """\
import sys
from feature_store import spark
from feature_store.checks import check
from feature_store.errors import InputError
with spark.session():
    for folder in sys.argv[1:]:
        try:
            with spark.open_sales(folder) as sales:
                print("accepted", check(sales).warnings)
        except InputError as error:
            print(str(error).replace(f"{folder}/", ""))
"""


def why_not() -> str | None:
    """Why Spark cannot run here, or None."""
    java_version = runpy.run_path(str(ROOT / "scripts" / "_engine.py"))["java_version"]
    if (java_version() or 0) < 17:
        return "no Java 17 here: apt-get install openjdk-17-jre-headless"
    if importlib.util.find_spec("pyspark") is None:
        return "no pyspark here: scripts/build --engine spark puts it into .venv"
    return None


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    """Runs Python with arguments where Spark has a small configuration."""
    reason = why_not()
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("spark")
    (folder / "spark-defaults.conf").write_text(CONFIGURATION)
    env = os.environ | {"SPARK_CONF_DIR": str(folder), "PYTHONPATH": str(ROOT)}

    def run(*arguments):
        ended = subprocess.run(
            [sys.executable, *arguments],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    return run


def spark_build(spark, data, folder):
    """The folder of what `scripts/build --engine spark` builds from `data`."""
    options = ("--data", data, "--out", folder, "--engine", "spark", "--quick")
    spark(ROOT / "scripts" / "build", *options, "--force")
    return folder / "current"


def in_parts(data, folder):
    """The same sales, `sales_train` as a folder of Parquet files."""
    folder.mkdir()
    for file in data.iterdir():
        if not file.name.startswith("sales_train"):
            (folder / file.name).symlink_to(file)
    sales = pd.read_csv(next(data.glob("sales_train.csv*")))
    (folder / "sales_train").mkdir()
    for part, rows in enumerate(np.array_split(np.arange(len(sales)), 3)):
        file = folder / "sales_train" / f"part-{part}.parquet"
        sales.iloc[rows].to_parquet(file, index=False)
    return folder


@pytest.fixture(scope="module")
def demo_parts(demo, tmp_path_factory):
    return in_parts(demo.data, tmp_path_factory.mktemp("parts") / "data")


@pytest.fixture(scope="module")
def demo_build(spark, demo_parts, tmp_path_factory):
    """The demo retailer's build by Spark, from a URI, its sales in parts."""
    return spark_build(spark, demo_parts.as_uri(), tmp_path_factory.mktemp("built"))


def read(features):
    """A store partitioned by shop, as the service reads it, in the order of pairs."""
    found = ds.dataset(features, format="parquet", partitioning="hive").to_table()
    return found.to_pandas().sort_values(PAIR, ignore_index=True)


def assert_same_store(build, expected):
    found = read(build / "features.parquet")
    rows = expected.rows
    assert set(found) == {*FEATURES, "basis", "listed"}
    assert [str(kind) for kind in found[list(FEATURES)].dtypes] == (
        len(KEYS) * ["int32"] + len(LAG_FEATURES) * ["float32"]
    )
    pd.testing.assert_frame_equal(found[list(KEYS)], rows[list(KEYS)])
    assert (found["basis"] == rows["basis"].astype(str)).all()
    assert (found["listed"] == rows["listed"]).all()
    for name in LAG_FEATURES:
        np.testing.assert_allclose(found[name], rows[name], 1e-6, err_msg=name)
    assert_same_lookup(Store(build / "vectors"), expected.lookup())


def assert_same_lookup(found, expected):
    assert len(found) == len(expected)
    for positions in expected.blocks():
        vectors = expected.vectors(positions)
        np.testing.assert_allclose(found.vectors(positions), vectors, 1e-6)
        assert (found.basis_many(positions) == expected.basis_many(positions)).all()
        assert (found.listed_many(positions) == expected.listed_many(positions)).all()


def test_the_demo_is_the_same_on_both_engines(demo_build, demo):
    assert_same_store(demo_build, demo)


def test_a_folder_a_shop_and_nothing_else(demo_build, demo):
    features = demo_build / "features.parquet"
    names = {path.relative_to(features).parts for path in features.rglob("*.*")}
    shops = {f"shop_id={shop}" for shop in demo.tables.catalogue.shops}
    assert {folder for folder, _ in names} == shops
    assert {Path(name).suffix for _, name in names} == {".parquet"}


def test_the_manifest_names_inputs_engine_and_demo(demo_build, demo_parts):
    manifest = json.loads((demo_build / "manifest.json").read_text())
    assert manifest["demo"]
    assert manifest["libraries"]["pyspark"]
    parts = sorted((demo_parts / "sales_train").iterdir())
    assert {
        name: (file["sha256"], file["bytes"])
        for name, file in manifest["inputs"].items()
        if name.startswith("sales_train")
    } == {f"sales_train/{part.name}": digest(part) for part in parts}
    assert {"items", "shops", "item_categories", "test"} < set(manifest["inputs"])


@pytest.mark.slow
def test_ten_months_are_the_same_on_both_engines(spark, ten_months, tmp_path):
    assert_same_store(spark_build(spark, ten_months.data, tmp_path), ten_months)


NUMBER = "expected a number"
WHOLE = f"expected a whole number, 0 to {MAX_ID}"
DATE = "expected a date, DD.MM.YYYY or YYYY-MM-DD"
BAD = {
    "a cell that is no number": (
        ("sales_train", 3, "item_price", "cheap"),
        f"sales_train.csv, column item_price: 'cheap', {NUMBER}",
    ),
    "a date that is none": (
        ("sales_train", 3, "date", "31.02.2020"),
        f"sales_train.csv, column date: '31.02.2020', {DATE}",
    ),
    "a number beyond float32": (
        ("sales_train", 3, "item_price", "1e39"),
        f"sales_train.csv, column item_price: '1e39', {NUMBER}",
    ),
    "a number with a letter that Java knows": (
        ("sales_train", 3, "item_price", "1.5f"),
        f"sales_train.csv, column item_price: '1.5f', {NUMBER}",
    ),
    "a number that is none": (
        ("sales_train", 3, "item_cnt_day", "NaN"),
        f"sales_train.csv, column item_cnt_day: 'NaN', {NUMBER}",
    ),
    "a number after a space": (
        ("sales_train", 3, "item_price", " 5"),
        f"sales_train.csv, column item_price: ' 5', {NUMBER}",
    ),
    "an id with a sign": (
        ("sales_train", 3, "shop_id", "+2"),
        f"sales_train.csv, column shop_id: '+2', {WHOLE}",
    ),
    "a date with a space": (
        ("sales_train", 3, "date", "5 .01.2020"),
        f"sales_train.csv, column date: '5 .01.2020', {DATE}",
    ),
    "an unknown item": (
        ("sales_train", 3, "item_id", "77"),
        "sales_train.csv, column item_id: 77, expected one of items.csv",
    ),
    "an unknown shop of test": (
        ("test", 3, "shop_id", "77"),
        "test.csv, column shop_id: 77, expected one of shops.csv",
    ),
    "a date outside its month": (
        ("sales_train", 3, "date", "05.02.2020"),
        "sales_train.csv, column date: 2020-02-05,"
        " expected a day of 2020-01 (date_block_num 0)",
    ),
}


def bad_retailers():
    """Tables and what refuses them, by a name for a folder."""
    for name, (cell, message) in BAD.items():
        tables = retailer()
        put(tables, *cell)
        yield name, tables, message
    tables = retailer()
    tables["items"].append(list(tables["items"][1]))
    message = "items.csv, column item_id: 10 again, expected once"
    yield "a repeated item", tables, message
    tables = retailer()
    tables["test"].append(list(tables["test"][1]))
    message = "test.csv, column shop_id, item_id: 2, 10 again, expected once"
    yield "a repeated pair", tables, message
    message = "sales_train.csv: 8 months of sales (2020-01 to 2020-08), expected at"
    yield "eight months", retailer(months=range(8)), message
    tables = retailer()
    for row in tables["shops"]:
        row.pop()
    yield "a missing column", tables, "shops.csv: no column shop_id; its columns: 'shop"
    tables = retailer()
    tables["sales_train"][4].pop()
    yield "a short row", tables, "sales_train.csv: "
    message = "sales_train.csv: Spark takes * for a pattern, expected a path without"
    yield "all*", retailer(), message
    tables = retailer()
    put(tables, "items", 2, "item_name", 'two\nlines, and a "')
    yield (
        "a name in two lines",
        tables,
        "accepted ('items.csv: 1 item never sold',)",
    )


@pytest.mark.slow
def test_what_the_checks_refuse_is_named_by_its_value(spark, tmp_path):
    expected = {}
    for name, tables, message in bad_retailers():
        expected[write(tmp_path / name, tables)] = message
    lines = spark("-c", REFUSE, *expected).splitlines()
    assert len(lines) == len(expected), lines
    for line, message in zip(lines, expected.values(), strict=True):
        assert line.startswith(message)


@pytest.mark.parametrize("option", [["--engine", "spark"], ["--engine=spark"]])
def test_without_java_one_line_says_what_to_install(option, tmp_path):
    ended = subprocess.run(
        [sys.executable, ROOT / "scripts" / "build", "--data", tmp_path, *option],
        env=os.environ | {"JAVA_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "--engine spark needs Java 17 or newer, this machine has none:"
        " apt-get install openjdk-17-jre-headless\n"
    )
