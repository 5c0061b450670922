"""Training: rounds chosen on the right months, nothing known before its time."""

import json
import signal
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from feature_store.definitions import FEATURES
from feature_store.offline import TrainingRows
from feature_store.progress import steps
from model import training
from model.evaluation import score
from model.training import Binned, choose_rounds, fit, grid_rows
from tests.model.tiny import PARAMETERS, build_tiny, keep_months, tables_of, trees_of

MONTHS = (6, 7, 8, 9)


@pytest.fixture(scope="module")
def tables(tiny_data):
    return tables_of(tiny_data)


def with_parameters(**changes):
    return msgspec.structs.replace(PARAMETERS, **changes)


def chosen(tables, months, parameters=PARAMETERS):
    with steps() as shown:
        return choose_rounds(Binned(tables, parameters), months, shown)


@pytest.mark.parametrize(
    ("training_months", "choosing", "expected"),
    [
        (range(13, 34), 3, (30, 31, 32)),
        (range(13, 34), 1, (32,)),
        (MONTHS, 3, (7, 8)),
        (MONTHS, 2, (7, 8)),
        ((6, 7, 8), 3, (7,)),
    ],
)
def test_the_months_before_the_last_choose_each_from_what_precedes_it(
    tables, monkeypatch, training_months, choosing, expected
):
    asked = []

    def curve(_, before, month, step):
        asked.append((month, tuple(before)))
        return [1.0], month

    monkeypatch.setattr(training, "_curve", curve)
    found = chosen(tables, training_months, with_parameters(choosing_months=choosing))
    assert found.trained == expected
    assert asked == [
        (month, tuple(m for m in training_months if m < month)) for month in expected
    ]


def test_the_rounds_are_those_with_the_least_mean_error(tables, monkeypatch):
    curves = {7: [3.0, 1.0, 2.0], 8: [2.0, 2.0, 1.6, 0.9]}
    monkeypatch.setattr(training, "_curve", lambda *a: (curves[a[2]], a[2]))
    found = chosen(tables, MONTHS, with_parameters(choosing_months=2))
    # The first goes on at 2.0: the means are 2.5, 1.5, 1.8 and 1.45.
    assert found == training.Chosen(4, (7, 8), (2.0, 0.9))


def test_of_equal_rounds_the_fewest_are_taken(tables, monkeypatch):
    monkeypatch.setattr(training, "_curve", lambda *_: ([2.0, 1.0, 1.0], 8))
    assert chosen(tables, MONTHS).rounds == 2


def test_choosing_stops_when_nothing_gets_better(tables, monkeypatch):
    booster = PARAMETERS.booster | {"eta": 0.9}
    parameters = with_parameters(booster=booster, max_rounds=400, patience=3)
    lengths = []
    padded = training._padded

    def seen(curves):
        lengths.extend(map(len, curves))
        return padded(curves)

    monkeypatch.setattr(training, "_padded", seen)
    rounds = chosen(tables, MONTHS, parameters).rounds
    assert lengths == [rounds + 3]


def test_what_is_chosen_knows_nothing_of_the_last_month(tiny_data, tables, tmp_path):
    keep_months(tiny_data, tmp_path / "earlier", range(9))
    parameters = with_parameters(choosing_months=2)
    earlier = chosen(tables_of(tmp_path / "earlier"), MONTHS, parameters)
    whole = chosen(tables, MONTHS, parameters)
    assert (earlier.rounds, earlier.error) == (whole.rounds, whole.error)
    for one, other in zip(earlier.trained, whole.trained, strict=True):
        assert one.model.get_dump() == other.model.get_dump()
        assert one.original.get_dump() == other.original.get_dump()


def test_the_error_that_chooses_is_that_of_clipped_predictions(tables):
    found = chosen(tables, MONTHS)
    binned = Binned(tables, PARAMETERS)
    with steps() as shown, shown.step("Training") as step:
        booster = fit(binned.rows((6, 7)), PARAMETERS, found.rounds, step)
    vectors, actual = grid_rows(tables, 8)
    error = booster.inplace_predict(vectors).clip(0, 20) - actual
    assert found.error == pytest.approx([np.sqrt(np.mean(error**2))], rel=1e-4)


def test_a_month_is_forecast_with_the_rounds_that_are_asked_for(tables):
    parameters = with_parameters(max_rounds=5)
    (trained,) = chosen(tables, MONTHS, parameters).trained
    vectors, actual = grid_rows(tables, 8)
    for rounds, used in ((2, 2), (5, 5), (9, 5)):
        found = training.forecast(trained, tables, rounds)
        expected = trained.model.inplace_predict(vectors, iteration_range=(0, used))
        np.testing.assert_array_equal(found.predicted, expected.clip(0, 20))
        np.testing.assert_array_equal(found.actual, actual)
        assert found.model == score("model", expected, actual)


def test_the_original_recipe_learns_the_same_rows_as_they_were_sold(tables):
    huge = replace(tables, pair_counts=tables.pair_counts * 1000)
    binned = Binned(huge, PARAMETERS)
    with steps() as shown:
        trained = training.hold_out(binned, MONTHS, 2, shown)
    assert trained.month == 9
    assert trained.original.num_boosted_rounds() == 5
    learner = json.loads(trained.original.save_config())["learner"]
    assert learner["objective"]["name"] == "reg:squarederror"
    assert "5E-1" in learner["learner_model_param"]["base_score"]
    blocks = list(TrainingRows(huge).blocks(MONTHS[:-1]))
    sold = np.concatenate([block.target for block in blocks])
    np.testing.assert_array_equal(binned.targets(MONTHS[:-1]), sold)
    vectors = np.concatenate([block.vectors for block in blocks])
    assert sold.max() > 1000
    assert trained.original.inplace_predict(vectors).max() > 500
    assert trained.mean == pytest.approx(sold.clip(0, 20).mean())


def test_a_share_of_the_rows_keeps_its_targets(tables):
    some = Binned(tables, with_parameters(at_most=1000))
    clipped = some.rows(MONTHS).get_label()
    np.testing.assert_array_equal(some.targets(MONTHS).clip(0, 20), clipped)


def test_a_months_grid_is_its_vectors_and_its_clipped_targets(tables):
    vectors, actual = grid_rows(tables, 9)
    assert vectors.shape == (len(actual), 44)
    assert (vectors.dtype, actual.dtype) == (np.float32, np.float32)
    assert (vectors[:, FEATURES.index("date_block_num")] == 9).all()
    assert actual.min() == 0
    huge = replace(tables, pair_counts=tables.pair_counts * 1000)
    assert grid_rows(huge, 9)[1].max() == 20


def test_the_targets_that_are_learnt_are_clipped(tables):
    huge = replace(tables, pair_counts=tables.pair_counts * 1000)
    labels = Binned(huge, PARAMETERS).rows([9]).get_label()
    assert (labels.min(), labels.max()) == (0, 20)


def test_ctrl_c_while_rows_are_binned_is_heard_when_they_are(tables, monkeypatch):
    finished = []
    read = training.Rows.next

    def pressed(rows, input_data):
        signal.raise_signal(signal.SIGINT)
        finished.append(read(rows, input_data))
        return finished[-1]

    monkeypatch.setattr(training.Rows, "next", pressed)
    with pytest.raises(KeyboardInterrupt):
        Binned(tables, PARAMETERS).rows(MONTHS)
    assert finished[-1] is False
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_no_bin_knows_a_later_month(tables):
    binned = Binned(tables, PARAMETERS)
    first = binned.rows((6, 7))
    later = binned.rows((6, 7, 8))
    cuts = [rows.get_quantile_cut()[1] for rows in (first, later)]
    np.testing.assert_array_equal(*cuts)


def test_a_booster_has_its_rounds_and_the_features_names(tables):
    with steps() as shown, shown.step("Training", 5) as step:
        booster = fit(Binned(tables, PARAMETERS).rows([6]), PARAMETERS, 5, step)
    assert booster.num_boosted_rounds() == 5
    assert booster.feature_names == list(FEATURES)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_data_give_the_same_trees(tiny_data, tmp_path, threads):
    booster = PARAMETERS.booster | {"nthread": threads}
    parameters = with_parameters(booster=booster)
    folders = [
        build_tiny(tiny_data, tmp_path / name, parameters=parameters)[1]
        for name in ("one", "two")
    ]
    assert trees_of(folders[0]) == trees_of(folders[1])


def test_another_seed_gives_other_trees(tiny_data, tiny_artifacts, tmp_path):
    parameters = with_parameters(booster=PARAMETERS.booster | {"seed": 2})
    _, folder = build_tiny(tiny_data, tmp_path, parameters=parameters)
    assert trees_of(folder) != trees_of(tiny_artifacts / "current")


def test_fewer_rows_are_drawn_where_that_is_asked_for(tables):
    every = Binned(tables, PARAMETERS).rows(MONTHS).num_row()
    some = Binned(tables, with_parameters(at_most=1000))
    drawn = some.rows(MONTHS).num_row()
    assert every > 3000
    assert 800 < drawn < 1200
    assert some.rows(MONTHS).num_row() == drawn
