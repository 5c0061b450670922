"""The search: sets that a seed repeats, scored on the months before the last."""

import io
import shutil

import msgspec
import pandas as pd
from rich.console import Console

from feature_store.months import Calendar
from feature_store.progress import steps
from model.parameters import Parameters, read
from model.search import RANGES, Trial, drawn, print_trials, ranked, search, write
from model.training import Binned, choose_rounds
from tests.model.tiny import PARAMETERS, tables_of

EVERY_ROW = 10**9


def tried(data, sets, at_most=EVERY_ROW):
    with steps() as shown:
        return list(search(tables_of(data), sets, at_most, shown))


def with_error(number, *error):
    return Trial(number, Parameters(), 5, dict(zip((7, 8), error, strict=True)), 1.0)


def test_the_first_set_is_as_given_and_the_others_are_drawn_from_the_ranges():
    first, *others = drawn(PARAMETERS, 30, seed=1)
    assert first == PARAMETERS
    assert len(others) == 29
    for parameters in others:
        booster = parameters.booster
        assert all(booster[name] in values for name, values in RANGES.items())
        rest = {k: v for k, v in booster.items() if k not in RANGES}
        assert rest.items() <= PARAMETERS.booster.items()
        assert msgspec.structs.replace(parameters, booster={}) == (
            msgspec.structs.replace(PARAMETERS, booster={})
        )


def test_a_seed_draws_the_same_sets_again_and_another_draws_others():
    assert drawn(PARAMETERS, 9, seed=1) == drawn(PARAMETERS, 9, seed=1)
    assert drawn(PARAMETERS, 9, seed=1)[:5] == drawn(PARAMETERS, 5, seed=1)
    assert drawn(PARAMETERS, 9, seed=1) != drawn(PARAMETERS, 9, seed=2)


def test_a_trial_is_what_choosing_the_rounds_finds(tiny_data):
    sets = drawn(PARAMETERS, 2, seed=1)
    trials = tried(tiny_data, sets)
    assert [trial.number for trial in trials] == [1, 2]
    assert [trial.parameters for trial in trials] == sets
    with steps() as shown:
        binned = Binned(tables_of(tiny_data), PARAMETERS)
        chosen = choose_rounds(binned, (6, 7, 8, 9), shown)
    assert trials[0].rounds == chosen.rounds
    assert trials[0].errors == dict(zip((8,), chosen.error, strict=True))


def test_no_trial_knows_what_the_last_month_sold(tiny_data, tmp_path):
    other = shutil.copytree(tiny_data, tmp_path / "other")
    sales = pd.read_csv(other / "sales_train.csv.gz")
    sales.loc[sales.date_block_num == 9, "item_cnt_day"] *= 7
    sales.to_csv(other / "sales_train.csv.gz", index=False)
    found, expected = (tried(data, [PARAMETERS]) for data in (other, tiny_data))
    assert found[0].errors == expected[0].errors


def test_fewer_rows_can_be_asked_for_and_are_not_written(tiny_data, tmp_path):
    (every,), (few,) = (tried(tiny_data, [PARAMETERS], n) for n in (EVERY_ROW, 1000))
    assert few.errors != every.errors
    write(few.parameters, tmp_path / "best.json")
    assert read(tmp_path / "best.json") == PARAMETERS


def test_the_least_mean_error_is_the_best_and_of_equals_the_earlier():
    trials = [with_error(1, 0.9, 0.8), with_error(2, 0.5, 0.9), with_error(3, 0.9, 0.5)]
    assert [trial.number for trial in ranked(trials)] == [2, 3, 1]


def test_the_table_has_the_best_first_with_what_it_has_of_its_own():
    deeper = Parameters(booster=Parameters().booster | {"max_depth": 12})
    trials = [
        with_error(1, 0.9, 0.8),
        Trial(2, deeper, 9, {7: 0.5, 8: 0.75}, 61.4),
    ]
    console = Console(file=io.StringIO(), width=100)
    print_trials(trials, Calendar(2013 * 12), console)
    lines = console.file.getvalue().splitlines()
    assert [line.replace("│", " ").split() for line in lines[3:5]] == [
        ["0.6250", "0.5000", "0.7500", "9", "61", "2", "max_depth", "12"],
        ["0.8500", "0.9000", "0.8000", "5", "1", "1", "the", "defaults"],
    ]
    for word in ("2013-08", "2013-09", "mean"):
        assert word in lines[1]
