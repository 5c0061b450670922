"""The settings: one table of names, types, defaults and meanings, read once."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from feature_store.errors import SettingError

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Setting:
    """An environment variable: how its text is read, and what it is for."""

    name: str
    read: Callable[[str], object]
    default: str
    meaning: str

    @property
    def field(self) -> str:
        """Its name in Settings: SALES_MAX_ROWS is max_rows."""
        return self.name.removeprefix("SALES_").lower()


def _count(text: str) -> int:
    if re.fullmatch("0*[1-9][0-9]{0,15}", text):
        return int(text)
    raise ValueError("a whole number of 1 or more")


def _folder(text: str) -> Path:
    return ROOT / text  # an absolute path stays as it is


SETTINGS = (
    Setting("SALES_ARTIFACTS", _folder, "artifacts", "folder of builds"),
    Setting("SALES_KEEP", _count, "3", "builds to keep"),
    Setting("SALES_MAX_ROWS", _count, "250000", "rows in one request; more is a 413"),
    Setting("SALES_MAX_BODY", _count, "67108864", "bytes in one request body"),
)


@dataclass(frozen=True)
class Settings:
    """Every setting, by its field."""

    artifacts: Path
    keep: int
    max_rows: int
    max_body: int


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of an environment.

    Raises SettingError naming the variable, its value and what was expected.
    """
    values = {}
    for setting in SETTINGS:
        text = environ.get(setting.name) or setting.default
        try:
            values[setting.field] = setting.read(text)
        except ValueError as error:
            raise SettingError(
                f"{setting.name} is {text!r}, expected {error}"
            ) from error
    return Settings(**values)  # type: ignore[arg-type]


def describe() -> str:
    """The settings as lines of text: name, default, meaning."""
    width = max(len(setting.name) for setting in SETTINGS)
    return "\n".join(
        f"  {s.name:{width}}  {s.meaning} (default: {s.default})" for s in SETTINGS
    )
