"""A client of the application on the small demo, and what it serves."""

import pandas as pd
import pytest

from model.artifacts import Build
from tests.model.tiny import build_tiny, write_tiny
from tests.service.clients import client_of


@pytest.fixture(scope="session")
def client(small_artifacts):
    return client_of(small_artifacts)


@pytest.fixture(scope="session")
def build(small_artifacts):
    """The build that `client` answers from, opened once more."""
    return Build.open((small_artifacts / "current").resolve())


@pytest.fixture(scope="session")
def rows(build):
    """Its feature store as a data frame, by (shop_id, item_id)."""
    frame = pd.read_parquet(build.folder / "features.parquet")
    return frame.set_index(["shop_id", "item_id"], drop=False).sort_index()


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory):
    return write_tiny(tmp_path_factory.mktemp("tiny") / "data")


@pytest.fixture(scope="session")
def tiny_artifacts(tiny_data, tmp_path_factory):
    """The artifacts of a tiny build of the pairs of `test` alone; not to be altered."""
    out = tmp_path_factory.mktemp("tiny") / "artifacts"
    build_tiny(tiny_data, out, pairs="test")
    return out
