"""Intervals: quantiles of what was sold, by prediction, learnt from past forecasts."""

import numpy as np
import pytest

from feature_store.errors import ArtifactError
from model.artifacts import Build, current
from model.intervals import Interval, Intervals, fine, learn, quantile, tenths


def floats(values):
    return np.array(values, np.float32)


def made_up(rows=20_000, seed=1):
    """Skewed predictions, and counts with those means; both clipped."""
    random = np.random.default_rng(seed)
    means = random.gamma(0.3, 2.0, rows).clip(0, 20)
    return floats(means), floats(random.poisson(means).clip(0, 20))


@pytest.mark.parametrize(
    ("sold", "level", "expected"),
    [
        ([0] * 95 + [1] * 5, 0.9, 0),
        ([0] * 90 + [1] * 10, 0.9, 0),
        # 80% sell none, 95% at most one: two thirds of the step lead to 90%.
        ([0] * 80 + [1] * 15 + [2] * 5, 0.9, 2 / 3),
        ([0] * 50 + [1] * 40 + [9] * 10, 0.9, 1),
        ([0] * 50 + [1] * 30 + [20] * 20, 0.9, 20),
        ([0] * 5 + [1] * 10 + [2] * 85, 0.1, 0.5),
        ([0] * 20 + [1] * 80, 0.1, 0),
        ([3], 0.1, 3),
        ([3], 0.9, 3),
    ],
)
def test_a_quantile_lies_on_the_steps_of_the_distribution(sold, level, expected):
    assert quantile(floats(sold), level) == pytest.approx(expected)


def test_nine_of_ten_bounds_hold_on_months_that_were_not_learnt_from():
    intervals = Intervals(learn(*made_up(200_000)))
    predicted, actual = made_up(100_000, seed=2)
    lower, upper = intervals.many(predicted)
    for low, high in ((0.5, 1), (1, 2), (2, 4), (4, 8)):
        rows = (predicted >= low) & (predicted < high)
        assert 0.02 < np.mean(actual[rows] > upper[rows]) < 0.2
        assert np.mean(actual[rows] < lower[rows]) < 0.12
        covered = (actual >= lower) & (actual <= upper)
        assert 0.78 < covered[rows].mean() < 0.95


def test_bounds_never_fall_as_the_prediction_grows():
    table = learn(*made_up(3000))
    assert table.dtype == np.float32
    assert table[0, 0] == 0
    assert len(table) > 5
    for column in table.T:
        assert (np.diff(column) >= 0).all()
    assert (table[:, 1] <= table[:, 2]).all()
    assert (table[:, 1:].min(), table[:, 1:].max()) <= (0, 20)


def test_where_bins_disagree_the_wider_interval_stands():
    predicted = floats([1.0] * 200 + [2.0] * 200)
    actual = floats([2.0] * 100 + [6.0] * 100 + [1.0] * 100 + [4.0] * 100)
    (_, low, high), (start, *other) = learn(predicted, actual).tolist()
    assert start == 2
    assert (low, high) == (pytest.approx(1), pytest.approx(5.2))
    assert other == [pytest.approx(1), pytest.approx(5.2)]


@pytest.mark.parametrize("rows", [1, 7, 399])
def test_few_rows_or_equal_predictions_have_one_interval(rows):
    assert len(learn(floats([0.3] * rows), floats([1] * rows))) == 1
    assert len(learn(floats([0.3] * 5000), floats([1] * 5000))) == 1


def test_the_largest_predictions_have_the_finest_bins():
    firsts = fine(100_000)
    assert firsts == [*sorted(firsts, reverse=True)]
    sizes = -np.diff([100_000, *firsts])
    assert (sizes.min(), sizes[0]) == (200, 200)
    assert (sizes <= 0.05 * (100_000 - np.array(firsts)) + 200).all()
    assert tenths(100_000) == [*range(10_000, 100_000, 10_000)]


def test_one_and_many_give_the_same_interval_also_where_a_bin_begins():
    table = learn(*made_up())
    intervals = Intervals(table)
    asked = np.concatenate([table[:, 0], made_up(500, seed=3)[0], floats([0, 20])])
    for number, *bounds in zip(asked, *intervals.many(asked), strict=True):
        found = intervals.one(float(str(number)))
        assert found == Interval(*(float(str(bound)) for bound in bounds))


def test_a_build_has_the_table_of_its_past_months(tiny_artifacts):
    build = Build.open(current(tiny_artifacts))
    assert "intervals.npy" in build.manifest.files
    low, high = build.intervals.one(0.0), build.intervals.one(20.0)
    assert 0 <= low.lower <= low.upper <= high.upper <= 20


def test_a_file_that_is_no_table_is_refused(tmp_path):
    (tmp_path / "intervals.npy").write_bytes(b"no table")
    with pytest.raises(ArtifactError, match=r"intervals\.npy: not an array"):
        Intervals.open(tmp_path / "intervals.npy")
