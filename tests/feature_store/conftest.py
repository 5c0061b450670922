"""The stores that several tests read: made once, on a machine that has the data."""

import pytest

from feature_store.demo import write_demo
from tests.feature_store import second_opinion
from tests.feature_store.retailer import retailer, write
from tests.feature_store.stores import build_store


@pytest.fixture
def tables():
    """The small retailer as text, to be bent."""
    return retailer()


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """The small retailer's store."""
    folder = tmp_path_factory.mktemp("small")
    return build_store(write(folder / "data", retailer()), folder / "store")


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """The store of a demo retailer of few items."""
    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder / "data", items=300)
    return build_store(folder / "data", folder / "store")


@pytest.fixture(scope="session")
def ten_months(real_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ten-months")
    return build_store(real_data / "ten-months", folder / "store")


@pytest.fixture(scope="session")
def ten_months_opinion(real_data):
    return second_opinion.read(real_data / "ten-months")


@pytest.fixture(scope="session")
def thirty_four_months(real_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("thirty-four-months")
    return build_store(real_data / "thirty-four-months", folder / "store")
