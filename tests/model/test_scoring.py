"""The derived scorer against the booster itself."""

import numpy as np
import onnxruntime as ort
import pytest
import xgboost as xgb

from feature_store.definitions import FEATURES
from feature_store.errors import ArtifactError, BuildError
from model.onnx_trees import LOG_LINK, link_of, to_onnx
from model.scoring import TOLERANCE, Scorer, derive

RANDOM = np.random.default_rng(5)
VECTORS = RANDOM.normal(size=(3000, len(FEATURES))).astype(np.float32)


def trained(objective, rounds=20, **more):
    """A booster on made-up rows, counts from 0 to about 40."""
    units = RANDOM.poisson(np.exp(VECTORS[:, 0].clip(-3, 3))).astype(np.float32) + 0.01
    rows = xgb.DMatrix(VECTORS, units, feature_names=list(FEATURES))
    return xgb.train({"objective": objective, "max_depth": 6, **more}, rows, rounds)


@pytest.mark.parametrize("objective", [*LOG_LINK, "reg:squarederror"])
def test_the_scorer_is_the_booster(objective, tmp_path):
    booster = trained(objective)
    difference = derive(
        booster, tmp_path / "scorer.onnx", [VECTORS[:2000], VECTORS[2000:]]
    )
    assert 0 < difference <= TOLERANCE
    scorer = Scorer.open(tmp_path / "scorer.onnx", booster)
    expected = booster.inplace_predict(VECTORS)
    assert scorer.raw(VECTORS) == pytest.approx(expected, rel=TOLERANCE, abs=TOLERANCE)


@pytest.mark.parametrize("threads", [1, 3])
def test_one_row_and_many_rows_have_the_same_digits(threads):
    booster = trained("count:poisson", rounds=150)
    scorer = Scorer(to_onnx(booster), link_of(booster), threads)
    rows = np.tile(VECTORS, (7, 1))  # more than one block
    many = scorer.many(rows)
    assert [scorer.one(row) for row in VECTORS[:200]] == [
        float(str(units)) for units in many[:200]
    ]
    assert (many.reshape(7, -1) == many[: len(VECTORS)]).all()


def test_predictions_are_clipped_and_raw_ones_are_not():
    booster = trained("reg:squarederror", base_score=30.0, rounds=1, eta=0.01)
    scorer = Scorer(to_onnx(booster), link_of(booster))
    assert scorer.raw(VECTORS).min() > 20
    assert set(scorer.many(VECTORS)) == {20.0}
    assert scorer.one(VECTORS[0]) == 20.0


def test_no_rows_have_no_predictions():
    booster = trained("count:poisson", rounds=1)
    scorer = Scorer(to_onnx(booster), link_of(booster))
    assert scorer.many(VECTORS[:0]).shape == (0,)


def test_a_leaf_alone_is_a_tree(tmp_path):
    booster = trained("count:poisson", rounds=2, max_depth=1, gamma=1e9)
    assert derive(booster, tmp_path / "scorer.onnx", [VECTORS]) <= TOLERANCE


def test_an_objective_without_a_known_link_is_refused():
    with pytest.raises(BuildError, match="binary:logistic cannot be served; these can"):
        link_of(_logistic())


def _logistic():
    rows = xgb.DMatrix(VECTORS, VECTORS[:, 0] > 0, feature_names=list(FEATURES))
    return xgb.train({"objective": "binary:logistic"}, rows, 1)


def test_a_scorer_that_differs_is_not_written(tmp_path, monkeypatch):
    booster, other = trained("count:poisson"), trained("count:poisson", rounds=3)
    onnx = to_onnx(other)
    monkeypatch.setattr("model.scoring.to_onnx", lambda _: onnx)
    with pytest.raises(BuildError, match=r"differs from the booster by .*: not served"):
        derive(booster, tmp_path / "scorer.onnx", [VECTORS])
    assert not (tmp_path / "scorer.onnx").exists()


def test_a_file_that_is_no_scorer_is_said_to_be_none(tmp_path):
    booster = trained("count:poisson", rounds=1)
    path = tmp_path / "scorer.onnx"
    with pytest.raises(ArtifactError, match="No such file"):
        Scorer.open(path, booster)
    path.write_bytes(to_onnx(booster)[:-40])
    with pytest.raises(ArtifactError, match=r"scorer\.onnx: not a scorer"):
        Scorer.open(path, booster)


def test_the_file_is_an_onnx_model_of_one_operator():
    booster = trained("count:poisson", rounds=1)
    session = ort.InferenceSession(to_onnx(booster), providers=["CPUExecutionProvider"])
    (given,), (found,) = session.get_inputs(), session.get_outputs()
    assert (given.name, given.type, given.shape) == (
        "vectors",
        "tensor(float)",
        ["rows", len(FEATURES)],
    )
    assert found.name == "margin"
