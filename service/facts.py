"""What the service tells of itself: that it lives, is ready, and from which build."""

from typing import Literal

import msgspec

from model.manifest import Manifest


class Refused(msgspec.Struct, frozen=True):
    """A build that did not verify and is not served."""

    version: str
    reason: str


class Alive(msgspec.Struct, frozen=True):
    """The process lives."""

    status: Literal["alive"] = "alive"


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """A build is served; `refused`, a newer one that did not verify."""

    status: Literal["ready"] = "ready"
    model: str
    refused: Refused | None


class Model(Manifest, frozen=True, kw_only=True):
    """The manifest of the build that answers; `refused`, one that did not verify.

    `stale`: the forecast month is over for longer than its numbers are taken for good.
    """

    age_days: int
    stale: bool
    refused: Refused | None
