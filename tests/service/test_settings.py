"""The settings: one table, read once, a bad value named."""

from pathlib import Path

import pytest

from feature_store.errors import SettingError
from service.settings import ROOT, SETTINGS, describe, read_settings

COUNTS = [
    *("SALES_KEEP", "SALES_MAX_ROWS", "SALES_MAX_BODY", "SALES_MAX_IN_FLIGHT"),
    *("SALES_WORKER_MEMORY", "SALES_STALE_AFTER"),
]
NO_COUNTS = ["0", "-1", "3.0", "1e3", "three", " 3", "3 ", "²", "٣", "0000", "9" * 5000]


def test_without_any_variable_the_defaults_hold():
    settings = read_settings({})
    assert settings.artifacts == ROOT / "artifacts"
    assert (settings.keep, settings.max_rows) == (3, 250_000)
    assert settings.max_body == 64 * 1024 * 1024


def test_an_empty_variable_is_none():
    assert read_settings({"SALES_KEEP": ""}) == read_settings({})


def test_variables_are_read():
    settings = read_settings(
        {"SALES_ARTIFACTS": "/somewhere", "SALES_KEEP": "5", "SALES_MAX_ROWS": "007"}
    )
    assert settings.artifacts == Path("/somewhere")
    assert (settings.keep, settings.max_rows) == (5, 7)


def test_a_relative_folder_is_the_projects_wherever_one_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = read_settings({"SALES_ARTIFACTS": "elsewhere"})
    assert settings.artifacts == ROOT / "elsewhere"


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("text", NO_COUNTS)
def test_a_bad_value_is_named_with_its_variable_and_what_was_expected(name, text):
    with pytest.raises(SettingError) as raised:
        read_settings({name: text})
    expected = f"{name} is {text!r}, expected a whole number of 1 or more"
    assert str(raised.value) == expected


def test_the_description_has_every_setting_with_its_default():
    described = list(zip(describe().splitlines(), SETTINGS, strict=True))
    for line, setting in described:
        assert line.split()[0] == setting.name
        assert setting.meaning in line
        assert line.endswith(f"(default: {setting.default})")
    assert len({line.index(setting.meaning) for line, setting in described}) == 1


def test_what_is_off_is_nothing():
    settings = read_settings({})
    assert (settings.api_key, settings.cors, settings.stale_after) == ((), (), None)
    given = {"SALES_API_KEY": "off", "SALES_CORS": "off", "SALES_STALE_AFTER": "off"}
    assert read_settings(given) == settings


def test_lists_are_read():
    given = {"SALES_API_KEY": "a-first-key, B+/=_~2.x", "SALES_CORS": "http://a.b:80"}
    settings = read_settings(given)
    assert settings.api_key == ("a-first-key", "B+/=_~2.x")
    assert settings.cors == ("http://a.b:80",)


@pytest.mark.parametrize("text", ["short", "long-enough,", "two words", "schlüssel"])
def test_a_bad_key_is_told_of_but_not_shown(text):
    with pytest.raises(SettingError) as raised:
        read_settings({"SALES_API_KEY": text})
    words = "SALES_API_KEY is not shown, expected keys of 8 or more visible ASCII"
    assert str(raised.value).startswith(words)
    assert text not in str(raised.value)


def test_settings_do_not_show_keys():
    assert "secret-key" not in repr(read_settings({"SALES_API_KEY": "secret-key"}))


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("SALES_CORS", "*", "expected origins such as https://shop.example"),
        ("SALES_CORS", "https://a.b/", "expected origins such as"),
        ("SALES_CORS", "shop.example", "expected origins such as"),
        ("SALES_LOG", "yes", "is 'yes', expected one of auto, json, off"),
    ],
)
def test_a_bad_word_is_told_of_with_what_was_expected(name, text, expected):
    with pytest.raises(SettingError, match=name) as raised:
        read_settings({name: text})
    assert expected in str(raised.value)
