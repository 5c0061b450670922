"""A tiny retailer and a build of it, shared by the tests of the model."""

import pytest

from tests.model.tiny import build_tiny, write_tiny


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory):
    """The files; not to be altered."""
    return write_tiny(tmp_path_factory.mktemp("tiny") / "data")


@pytest.fixture(scope="session")
def tiny_artifacts(tiny_data, tmp_path_factory):
    """The artifacts of one build of them; not to be altered."""
    out = tmp_path_factory.mktemp("tiny") / "artifacts"
    build_tiny(tiny_data, out)
    return out
