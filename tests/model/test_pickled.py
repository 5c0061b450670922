"""The pickled booster: what goes in comes out, and nothing else does.

What it refuses is tested where it is served: tests/service/test_served.py.
"""

import pickle

import numpy as np
import pytest

from feature_store.errors import ArtifactError
from model import pickled
from tests.model.tiny import any_booster


def test_a_booster_comes_back_with_the_same_trees_and_predictions(tmp_path):
    booster = any_booster()
    pickled.save(booster, tmp_path / "model.pkl")
    loaded = pickled.load((tmp_path / "model.pkl").read_bytes(), "model.pkl")
    rows = np.random.default_rng(2).random((100, 44), np.float32)
    assert loaded.get_dump() == booster.get_dump()
    assert loaded.feature_names == booster.feature_names
    np.testing.assert_array_equal(
        loaded.inplace_predict(rows), booster.inplace_predict(rows)
    )


def test_a_plain_unpickler_reads_it_too(tmp_path):
    pickled.save(any_booster(), tmp_path / "model.pkl")
    loaded = pickle.loads((tmp_path / "model.pkl").read_bytes())
    assert loaded.get_dump() == any_booster().get_dump()


def test_a_loaded_booster_uses_one_thread(tmp_path):
    pickled.save(any_booster(), tmp_path / "model.pkl")
    loaded = pickled.load((tmp_path / "model.pkl").read_bytes(), "model.pkl")
    assert '"nthread":"1"' in loaded.save_config()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a booster that XGBoost"),
        (pickle.dumps("text"), "holds a str, not a Booster"),
        (b"cos\nsystem\n.", "the pickle asks for os.system; only a Booster"),
    ],
)
def test_what_is_refused_is_named_with_its_file(content, reason):
    with pytest.raises(ArtifactError) as raised:
        pickled.load(content, "a/model.pkl")
    assert str(raised.value).startswith(f"a/model.pkl: {reason}")


def test_a_booster_of_another_format_is_refused_in_one_line(tmp_path):
    content = pickle.dumps(any_booster(), pickled.PROTOCOL)
    at = content.index(b"learner")
    with pytest.raises(ArtifactError) as raised:
        pickled.load(content[:at] + b"LEARNER" + content[at + 7 :], "model.pkl")
    assert "not a booster that XGBoost" in str(raised.value)
    assert "\n" not in str(raised.value)
