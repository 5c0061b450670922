"""The manifest: what a build is made of, from what, and how good it was found."""

import hashlib
from pathlib import Path
from typing import Annotated, Any

import msgspec

from feature_store.errors import ArtifactError
from feature_store.tables import digest

NAME = "manifest.json"
Month = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]  # YYYY-MM


class File(msgspec.Struct, frozen=True):
    """A file's content, by hash and size."""

    sha256: str
    bytes: int


class Scores(msgspec.Struct, frozen=True):
    """One way to forecast, scored on one set of rows; all in units."""

    name: str
    rmse: float
    mae: float
    bias: float  # mean of predicted minus actual


class Part(Scores, frozen=True, kw_only=True):
    """The model, scored on some of the rows; the means are units a row."""

    rows: int
    predicted: float
    actual: float


class Coverage(msgspec.Struct, frozen=True):
    """How intervals fared on some of the rows."""

    name: str
    rows: int
    covered: float  # the share of the rows that sold within their interval
    below: float  # the share that sold less than `lower`
    above: float  # the share that sold more than `upper`
    lower: float  # the mean bounds, units
    upper: float
    lower_loss: float  # the bounds' mean pinball loss, units
    upper_loss: float


class Holdout(msgspec.Struct, frozen=True, kw_only=True):
    """The last month, forecast from what precedes it: the model beside baselines.

    `listed` are the pairs that the forecast month lists, as they sold in the last one:
    nothing, where the shop or the item had no sales. `report/report.json` has more.
    """

    date_block_num: int
    month: Month
    rows: int
    row_set: str
    model: Scores
    baselines: list[Scores]
    listed: Part | None  # where no pair is listed
    intervals: list[Coverage]

    @property
    def best_baseline(self) -> Scores:
        """The baseline with the least RMSE."""
        return min(self.baselines, key=lambda scores: scores.rmse)

    @property
    def beats_baselines(self) -> bool:
        """Whether the model's RMSE is under every baseline's."""
        return self.model.rmse < self.best_baseline.rmse


class StoreFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The feature store of a build."""

    features: list[str]
    first_month: str
    last_month: str
    daily_rows: int
    pairs: int
    listed: int
    listed_from: str
    basis: dict[str, int]  # pairs by basis
    fills: dict[str, float]  # by feature


class TrainingFacts(msgspec.Struct, frozen=True, kw_only=True):
    """How a build's model was trained, and how good it was found."""

    first_month: str
    rows: int
    parameters: dict[str, Any]
    rounds: int
    choosing: dict[str, float]  # RMSE by month that chose the rounds
    holdout: Holdout
    scorer_difference: float  # from the booster, relative to predictions over 1


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What the service and people need to know of a build."""

    version: str = ""
    date_block_num: int  # the forecast month
    month: Month  # the same
    demo: bool  # whether the retailer is made up
    created: str  # ISO 8601, UTC
    seconds: float  # how long the build took
    commit: str | None  # of the code, where it lies in a Git checkout
    store: StoreFacts
    training: TrainingFacts
    warnings: list[str]
    libraries: dict[str, str]
    inputs: dict[str, File]
    files: dict[str, File]

    def named(self) -> "Manifest":
        """The same with its version: the month and a hash of all the rest."""
        content = msgspec.json.encode(msgspec.structs.replace(self, version=""))
        digest = hashlib.sha256(content).hexdigest()[:8]
        return msgspec.structs.replace(self, version=f"{self.month}-{digest}")

    def write(self, folder: Path) -> None:
        """Write it into a build's folder."""
        text = msgspec.json.format(msgspec.json.encode(self), indent=2)
        (folder / NAME).write_bytes(text + b"\n")


def read(folder: Path) -> Manifest:
    """The manifest of the build in `folder`. Raises ArtifactError."""
    path = folder / NAME
    found = _decode(path)
    if found != found.named():
        raise ArtifactError(
            f"{path}: was changed: {found.version} is not the version of its content"
        )
    return found


def _decode(path: Path) -> Manifest:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except OSError as error:
        raise ArtifactError(f"{path}: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{path}: not a manifest: {error}") from error


def describe(path: Path) -> File:
    """The hash and size of a file."""
    return File(*digest(path))


def describe_all(folder: Path) -> dict[str, File]:
    """Every file below `folder`, by relative path; the manifest itself left out."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    names = (path.relative_to(folder).as_posix() for path in paths)
    files = dict(zip(names, map(describe, paths), strict=True))
    files.pop(NAME, None)
    return files


def verify(folder: Path, manifest: Manifest) -> None:
    """Compare every artifact with its hash. Raises ArtifactError naming the first."""
    for name, expected in manifest.files.items():
        path = folder / name
        inside = path.is_relative_to(folder) and ".." not in path.parts
        if not inside or not path.is_file():
            raise ArtifactError(f"{path}: missing, but the manifest names it")
        try:
            found = describe(path)
        except OSError as error:
            raise ArtifactError(f"{path}: {error.strerror}") from error
        if found != expected:
            raise ArtifactError(
                f"{path}: {found.bytes:,} bytes with SHA-256 {found.sha256[:12]}…,"
                f" the manifest says {expected.bytes:,} with {expected.sha256[:12]}…"
            )
