"""The derived scorer: the booster's numbers, to what rounding may do."""

import numpy as np
import pytest
import xgboost as xgb

from feature_store.definitions import FEATURES
from feature_store.errors import ArtifactError, BuildError
from model.artifacts import Build, current
from model.scoring import TOLERANCE, Scorer, derive
from tests.model.tiny import any_booster

OBJECTIVES = ["count:poisson", "reg:tweedie", "reg:squarederror", "reg:absoluteerror"]


@pytest.fixture(scope="module")
def build(tiny_artifacts):
    return Build.open(current(tiny_artifacts))


@pytest.fixture(scope="module")
def vectors(build):
    """Every vector of the store."""
    return np.concatenate([build.store.vectors(at) for at in build.store.blocks()])


def booster_of(objective, **more):
    random = np.random.default_rng(1)
    rows = random.random((300, 44), np.float32)
    target = random.poisson(2, 300) + 0.5
    matrix = xgb.DMatrix(rows, target, feature_names=list(FEATURES))
    parameters = {"objective": objective, "max_depth": 4, "nthread": 1, **more}
    return xgb.train(parameters, matrix, 20), rows


def test_every_vector_of_the_store_has_the_boosters_number(build, vectors):
    expected = build.booster.inplace_predict(vectors)
    found = build.scorer.derived(vectors)
    difference = np.abs(found - expected) / np.maximum(1, expected)
    assert len(vectors) == build.manifest.store.pairs
    assert difference.max() <= TOLERANCE == 1e-5
    assert build.manifest.training.scorer_difference == pytest.approx(difference.max())


def test_one_vector_and_many_have_the_same_digits(build, vectors):
    many = build.scorer.many(vectors)
    for i in range(0, len(vectors), 97):
        assert build.scorer.one(vectors[i]) == float(str(many[i]))


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_few_rows_and_many_have_the_same_digits(tmp_path, objective):
    booster, rows = booster_of(objective)
    derive(booster, tmp_path / "scorer.onnx", [rows])
    scorer = Scorer.open(tmp_path / "scorer.onnx", booster)
    assert scorer.raw(rows).tolist() == scorer.derived(rows).tolist()
    assert scorer.raw(rows[:7]).tolist() == scorer.raw(rows).tolist()[:7]


def test_no_vectors_have_no_predictions(build):
    assert build.scorer.raw(np.empty((0, 44), np.float32)).shape == (0,)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_boosters_of_these_objectives_are_scored(tmp_path, objective):
    booster, rows = booster_of(objective)
    assert derive(booster, tmp_path / "scorer.onnx", [rows]) <= TOLERANCE
    scorer = Scorer.open(tmp_path / "scorer.onnx", booster)
    expected = booster.inplace_predict(rows)
    np.testing.assert_allclose(scorer.raw(rows), expected, rtol=1e-5, atol=1e-5)


def test_values_that_meet_a_split_go_the_boosters_way(tmp_path):
    booster, _ = booster_of("reg:squarederror")
    splits = booster.trees_to_dataframe().dropna(subset=["Split"])
    rows = np.zeros((len(splits), 44), np.float32)
    features = [FEATURES.index(name) for name in splits.Feature]
    rows[np.arange(len(splits)), features] = splits.Split
    assert derive(booster, tmp_path / "scorer.onnx", [rows]) <= TOLERANCE


def test_an_objective_that_cannot_be_scored_is_refused_by_name(tmp_path):
    booster, rows = booster_of("reg:squaredlogerror")
    with pytest.raises(BuildError, match="objective reg:squaredlogerror cannot be"):
        derive(booster, tmp_path / "scorer.onnx", [rows])


@pytest.mark.parametrize("off", [1.01, np.nan])
def test_a_scorer_that_differs_is_refused(tmp_path, monkeypatch, off):
    booster, rows = booster_of("count:poisson")
    right = Scorer.derived
    monkeypatch.setattr(Scorer, "derived", lambda self, rows: right(self, rows) * off)
    with pytest.raises(BuildError, match="the derived scorer differs"):
        derive(booster, tmp_path / "scorer.onnx", [rows])
    assert not (tmp_path / "scorer.onnx").exists()


@pytest.mark.parametrize("content", [b"", b"no ONNX"])
def test_a_file_that_is_no_scorer_is_named(tmp_path, content):
    (tmp_path / "scorer.onnx").write_bytes(content)
    with pytest.raises(ArtifactError, match=r"scorer\.onnx: not a scorer"):
        Scorer.open(tmp_path / "scorer.onnx", any_booster())
