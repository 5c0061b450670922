"""The settings: one table of names, types, defaults and meanings, read once."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from feature_store.errors import SettingError

OFF = "off"
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Setting:
    """An environment variable: how its text is read, and what it is for."""

    name: str
    read: Callable[[str], object]
    default: str
    meaning: str
    secret: bool = False  # its value is shown to nobody

    @property
    def attribute(self) -> str:
        """Its name in Settings: SALES_MAX_ROWS is max_rows."""
        return self.name.removeprefix("SALES_").lower()


def _count(text: str) -> int:
    if re.fullmatch("0*[1-9][0-9]{0,15}", text):
        return int(text)
    raise ValueError("a whole number of 1 or more")


def _folder(text: str) -> Path:
    return ROOT / text  # an absolute path stays as it is


def _days(text: str) -> int | None:
    return None if text == OFF else _count(text)


def _list_of(pattern: str, what: str) -> Callable[[str], tuple[str, ...]]:
    """Reads words between commas, none for OFF; each has to match the pattern."""

    def read(text: str) -> tuple[str, ...]:
        words = [] if text == OFF else [word.strip() for word in text.split(",")]
        if all(re.fullmatch(pattern, word) for word in words):
            return tuple(words)
        raise ValueError(f"{what}, several with commas between them, or {OFF}")

    return read


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text in words:
            return text
        raise ValueError(f"one of {', '.join(words)}")

    return read


_keys = _list_of(r"[!-+\-.-~]{8,}", "keys of 8 or more visible ASCII characters")
_origins = _list_of(r"https?://[^/,\s]+", "origins such as https://shop.example")

SETTINGS = (
    Setting("SALES_ARTIFACTS", _folder, "artifacts", "folder of builds"),
    Setting("SALES_KEEP", _count, "3", "builds to keep"),
    Setting("SALES_MAX_ROWS", _count, "250000", "rows in one request; more is a 413"),
    Setting("SALES_MAX_BODY", _count, "67108864", "bytes in one request body"),
    Setting(
        "SALES_MAX_IN_FLIGHT",
        _count,
        "64",
        "requests that a worker answers at once; more is a 503",
    ),
    Setting(
        "SALES_WORKER_MEMORY",
        _count,
        "4096",
        "MiB of memory from which on a worker is replaced",
    ),
    Setting(
        "SALES_API_KEY",
        _keys,
        OFF,
        "keys of which a request needs one, with commas between them",
        secret=True,
    ),
    Setting(
        "SALES_CORS",
        _origins,
        OFF,
        "origins whose pages may read answers, with commas between them",
    ),
    Setting(
        "SALES_STALE_AFTER",
        _days,
        OFF,
        "days after the forecast month from which on answers say that they are stale",
    ),
    Setting(
        "SALES_LOG",
        _one_of("auto", "json", OFF),
        "auto",
        "`json` writes a line a request to standard output; `auto` not to a terminal",
    ),
)


@dataclass(frozen=True)
class Settings:
    """Every setting, by its field."""

    artifacts: Path
    keep: int
    max_rows: int
    max_body: int
    max_in_flight: int
    worker_memory: int
    api_key: tuple[str, ...] = field(repr=False)
    cors: tuple[str, ...]
    stale_after: int | None
    log: str


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of an environment.

    Raises SettingError naming the variable, its value and what was expected.
    """
    values = {}
    for setting in SETTINGS:
        text = environ.get(setting.name) or setting.default
        try:
            values[setting.attribute] = setting.read(text)
        except ValueError as error:
            shown = "not shown" if setting.secret else repr(text)
            raise SettingError(
                f"{setting.name} is {shown}, expected {error}"
            ) from error
    return Settings(**values)  # type: ignore[arg-type]


def describe() -> str:
    """The settings as lines of text: name, default, meaning."""
    width = max(len(setting.name) for setting in SETTINGS)
    return "\n".join(
        f"  {s.name:{width}}  {s.meaning} (default: {s.default})" for s in SETTINGS
    )
