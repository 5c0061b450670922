"""The features in words."""

from feature_store.definitions import FEATURES
from feature_store.descriptions import describe_features, markdown
from tests.conftest import ROOT


def test_every_feature_is_described_in_order():
    described = describe_features()
    assert [feature.name for feature in described.features] == list(FEATURES)
    assert described.total == len(FEATURES)
    assert len({feature.meaning for feature in described.features}) == len(FEATURES)


def test_the_document_is_what_the_definitions_say():
    command = "python -m feature_store.descriptions > docs/features.md"
    assert (ROOT / "docs" / "features.md").read_text(encoding="utf-8") == markdown(), (
        command
    )
