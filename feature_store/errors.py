"""Every error a user can meet, in one tree.

SalesError
├── InputError            a file, a row or an option that cannot be used
├── BuildError            a build that cannot go on, or must not be served
├── ArtifactError         artifacts that are missing, altered or do not fit together
├── UnknownEntity         an id that the catalogue does not hold
│   └── UnknownPair       a pair that a store of some pairs does not hold
└── SettingError          an environment variable that cannot be used
"""

from collections.abc import Sequence


class SalesError(Exception):
    """Anything that is said to a user in one line, without a traceback."""


class InputError(SalesError):
    """Input that cannot be used: names the file, the place and what was expected."""


class BuildError(SalesError):
    """A build that stopped; what was served before is still served."""


class ArtifactError(SalesError):
    """Artifacts that are missing, altered, or made for one another's strangers."""


class SettingError(SalesError):
    """A setting whose value is not of its type or range."""


class UnknownEntity(SalesError):
    """A shop or an item (or both) that the catalogue does not hold."""

    missing = "not in the catalogue"

    def __init__(self, unknown: Sequence[tuple[str, int]]) -> None:
        self.unknown = tuple(unknown)
        named = " and ".join(f"{field} {value}" for field, value in self.unknown)
        super().__init__(f"{named}: {self.missing}")


class UnknownPair(UnknownEntity):
    """A known shop and a known item that a store of some pairs does not hold."""

    missing = "this pair is not in the store"
