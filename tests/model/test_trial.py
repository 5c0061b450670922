"""Parameters that XGBoost would refuse, or pass over, are named before the long run."""

import warnings

import pytest

from feature_store.errors import InputError
from model.parameters import COUNTS, QUICK, Parameters
from model.trial import try_out

UNKNOWN = "XGBoost has no such parameter, or none for this objective"
BAD = [
    ({"max_dept": 8}, f"booster: max_dept is 8: {UNKNOWN}"),
    ({"etta": 0.1, "max_dept": 8}, f"booster: etta is 0.1: {UNKNOWN}"),
    ({"max_dept": 8, "verbosity": 0}, f"booster: max_dept is 8: {UNKNOWN}"),
    ({"quantile_alpha": 0.1}, f"booster: quantile_alpha is 0.1: {UNKNOWN}"),
    ({"objective": "nonsense"}, "booster: objective is 'nonsense' and cannot be"),
    (
        {"objective": "reg:squaredlogerror"},
        "booster: objective is 'reg:squaredlogerror' and cannot be served; these can:"
        " count:poisson, reg:tweedie,",
    ),
    # What sold nothing has no logarithm.
    ({"objective": "reg:gamma"}, "booster: objective is 'reg:gamma' and cannot be"),
    ({"objective": "binary:logistic"}, "booster: objective is 'binary:logistic' and"),
    ({"booster": "dart"}, "booster: booster is 'dart' and cannot be served; these can"),
    ({"booster": "gblinear"}, "booster: booster is 'gblinear' and cannot be served"),
    ({"eta": "x"}, "booster: eta is 'x': Invalid Parameter format for learning_rate"),
    ({"eta": "fast"}, "booster: eta is 'fast': Some trailing characters could not"),
    ({"eta": -1}, "booster: eta is -1: value -1 for Parameter learning_rate should"),
    ({"max_depth": 2.5}, "booster: max_depth is 2.5: Invalid Parameter format for"),
    ({"subsample": 1.5}, "booster: subsample is 1.5: value 1.5 for Parameter"),
    ({"max_bin": 1}, "booster: max_bin is 1: Check failed: max_bin >= 2"),
    ({"tree_method": "exact"}, "booster: tree_method is 'exact': Only `hist` tree"),
    ({"eval_metric": "zzz"}, "booster: eval_metric is 'zzz': Unknown metric function"),
    ({"updater": "prune"}, "booster: updater is 'prune': Check failed"),
]


@pytest.mark.parametrize(("booster", "words"), BAD)
def test_a_parameter_that_is_wrong_is_named_with_its_value_in_one_line(booster, words):
    with pytest.raises(InputError) as raised:
        try_out(COUNTS | booster)
    assert str(raised.value).startswith(words)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "booster",
    [
        {},
        Parameters().booster,
        QUICK.booster,
        COUNTS | {"nthread": 1, "max_bin": 64, "lambda": "2", "verbosity": 2},
        COUNTS | {"grow_policy": "lossguide", "max_leaves": 31, "num_parallel_tree": 2},
        {"objective": "reg:tweedie", "tweedie_variance_power": 1.3},
        {"objective": "reg:absoluteerror", "booster": "gbtree"},
    ],
)
def test_parameters_that_can_be_used_are_passed_without_a_word(booster, capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try_out(booster)
    assert capfd.readouterr() == ("", "")
