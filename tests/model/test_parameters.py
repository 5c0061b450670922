"""What a training run is told, and how a file that is wrong is refused."""

import json

import msgspec
import pytest

from feature_store.errors import InputError
from model.parameters import QUICK, Parameters, read

BAD = [
    ("", "Input data was truncated"),
    ("{", "Input data was truncated"),
    ("[]", "Expected `object`, got `array`"),
    ('{"rounds": 5}', "unknown field `rounds`"),
    ('{"max_rounds": 0}', "Expected `int` >= 1 - at `$.max_rounds`"),
    ('{"max_rounds": "5"}', "Expected `int`, got `str` - at `$.max_rounds`"),
    ('{"max_rounds": 5.5}', "Expected `int`, got `float` - at `$.max_rounds`"),
    ('{"patience": null}', "Expected `int`, got `null` - at `$.patience`"),
    ('{"at_most": -1}', "Expected `int` >= 1 - at `$.at_most`"),
    ('{"booster": "deep"}', "Expected `object`, got `str` - at `$.booster`"),
    ('{"booster": {"eta": null}}', "got `null` - at `$.booster"),
    ('{"booster": {"eta": [0.1]}}', "got `array` - at `$.booster"),
    ('{"booster": {"seed": "x"}}', "seed is 'x', expected a whole number"),
    ('{"booster": {"seed": -1}}', "seed is -1, expected a whole number"),
    ('{"booster": {"max_bin": 2.5}}', "max_bin is 2.5, expected a whole number"),
    ('{"booster": {"num_class": 3}}', "num_class: expected an objective with one"),
]


def test_a_file_changes_the_fields_that_it_names(tmp_path):
    path = tmp_path / "parameters.json"
    path.write_text('{"booster": {"objective": "reg:squarederror"}, "max_rounds": 7}')
    booster = {"objective": "reg:squarederror"}
    assert read(path) == Parameters(booster=booster, max_rounds=7)


@pytest.mark.parametrize("parameters", [Parameters(), QUICK])
def test_what_the_manifest_records_can_be_read_again(tmp_path, parameters):
    path = tmp_path / "parameters.json"
    path.write_text(json.dumps(parameters.as_dict()))
    assert read(path) == parameters


def test_an_empty_object_is_the_defaults(tmp_path):
    (tmp_path / "parameters.json").write_text("{}")
    assert read(tmp_path / "parameters.json") == Parameters()


@pytest.mark.parametrize(("text", "words"), BAD)
def test_a_bad_file_is_named_with_its_field_and_what_was_expected(
    tmp_path, text, words
):
    path = tmp_path / "parameters.json"
    path.write_text(text)
    with pytest.raises(InputError) as raised:
        read(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert words in str(raised.value)


def test_a_file_that_is_not_text_or_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="No such file or directory"):
        read(tmp_path / "none.json")
    with pytest.raises(InputError, match="Is a directory"):
        read(tmp_path)
    (tmp_path / "binary.json").write_bytes(b'{"max_rounds\xff": 1}')
    with pytest.raises(InputError, match=r"binary\.json"):
        read(tmp_path / "binary.json")


def test_the_defaults_are_not_shared():
    assert Parameters().booster is not Parameters().booster
    assert (
        msgspec.structs.replace(QUICK).booster["max_depth"]
        != (Parameters().booster["max_depth"])
    )
