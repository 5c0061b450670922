"""The artifacts folder: a folder a build, and `current`, the one that is served.

A build is written aside, verified, renamed to its version, and only then does
`current` point at it: what is served is always whole.
"""

import difflib
import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import xgboost as xgb

from feature_store.catalogue import Catalogue
from feature_store.definitions import FEATURES
from feature_store.errors import ArtifactError, BuildError
from feature_store.history import History
from feature_store.lookup import Store
from feature_store.months import Calendar
from model import manifest as manifests
from model import pickled
from model.intervals import Intervals
from model.manifest import Manifest
from model.scoring import Scorer

CURRENT = "current"
MODEL, SCORER, INTERVALS = "model.pkl", "scorer.onnx", "intervals.npy"
REPORT_PAGE, REPORT_FIGURES = "report/index.html", "report/report.json"
_STAGING = ".building"
_LOCK = ".lock"


@dataclass(frozen=True)
class Build:
    """One build, verified and loaded: what predictions are made of."""

    folder: Path
    manifest: Manifest
    store: Store
    booster: xgb.Booster
    scorer: Scorer
    intervals: Intervals
    history: History
    catalogue: Catalogue
    report: dict[str, bytes]  # the page and its figures, by REPORT_PAGE, REPORT_FIGURES

    @property
    def calendar(self) -> Calendar:
        """Ties `date_block_num` to the calendar."""
        return Calendar.through(self.manifest.date_block_num, self.manifest.month)

    @classmethod
    def open(cls, folder: Path) -> "Build":
        """Verify and load the build in `folder`.

        Raises ArtifactError where a file is missing or is not the manifest's, or
        where store and model do not fit together.
        """
        manifest = manifests.read(folder)
        manifests.verify(folder, manifest)
        check_features(manifest.store.features, list(FEATURES), "the manifest")
        model = folder / MODEL
        booster = pickled.load(model.read_bytes(), str(model))
        check_features(booster.feature_names or [], list(FEATURES), "the model")
        return cls(
            folder,
            manifest,
            Store(folder / "vectors"),
            booster,
            Scorer.open(folder / SCORER, booster),
            Intervals.open(folder / INTERVALS),
            History.open(folder / "history"),
            Catalogue.open(folder / "catalogue"),
            {name: _content(folder / name) for name in (REPORT_PAGE, REPORT_FIGURES)},
        )


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"{path}: {error.strerror}") from error


def check_features(found: Sequence[str], expected: Sequence[str], whose: str) -> None:
    """Raise ArtifactError with the difference where feature names differ."""
    if list(found) == list(expected):
        return
    diff = difflib.unified_diff(expected, found, "this code", whose, lineterm="", n=0)
    raise ArtifactError(f"{whose} has other features: {' '.join(diff)}")


def current(artifacts: Path) -> Path:
    """The folder of the build to serve.

    Raises ArtifactError where there is none, or where the link leads elsewhere than
    to a folder beside it.
    """
    link = artifacts / CURRENT
    if not link.is_dir():
        raise ArtifactError(f"{artifacts}: no build; scripts/build makes one")
    folder = link.resolve()
    if folder.parent != artifacts.resolve():
        raise ArtifactError(f"{link}: leads to {folder}, out of the folder of builds")
    return folder


def stamp(folder: Path) -> frozenset[tuple[str, int, int]]:
    """What differs after any change to files below `folder`: path, inode and time.

    The time is the one that nobody can set: of content, owner and permissions. It is
    compared for equality, so that a clock may jump.
    """
    found = set()
    for path in folder.rglob("*"):
        with suppress(OSError):  # gone in between
            state = path.lstat()
            found.add((str(path), state.st_ino, state.st_ctime_ns))
    return frozenset(found)


def versions(artifacts: Path) -> list[str]:
    """The builds in the folder, the newest first; what is no build is left out."""
    created = {}
    for path in artifacts.glob(f"[!.]*/{manifests.NAME}"):
        if not path.parent.is_symlink():
            with suppress(ArtifactError):
                created[path.parent.name] = manifests.read(path.parent).created
    return sorted(created, key=created.__getitem__, reverse=True)


@contextmanager
def held(artifacts: Path) -> Iterator[None]:
    """The right to change the artifacts. Raises BuildError where another has it."""
    artifacts.mkdir(parents=True, exist_ok=True)
    with (artifacts / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BuildError(f"{artifacts}: another build is at work here") from None
        yield


@contextmanager
def staging(artifacts: Path) -> Iterator[Path]:
    """An empty folder to build in; gone when the block ends, whatever happens.

    Raises BuildError where another build is at work on the same artifacts.
    """
    with held(artifacts):
        # Nobody else holds the lock: what lies there is a killed build's.
        _clear(artifacts)
        folder = artifacts / _STAGING
        folder.mkdir()
        try:
            yield folder
        finally:
            _clear(artifacts)


def spill_of(folder: Path) -> Path:
    """Where a build in `folder` may put what memory cannot hold; gone with it."""
    return folder.with_name(f"{_STAGING}.spill")


def _clear(artifacts: Path) -> None:
    for left in artifacts.glob(f"{_STAGING}*"):
        shutil.rmtree(left, ignore_errors=True)


def publish(folder: Path, version: str, keep: int) -> Path:
    """Make the staged build `version` the one that is served; returns its folder.

    Of the earlier builds the newest are kept, `keep` in all.
    """
    artifacts = folder.parent
    published = artifacts / version
    _sync(folder)
    folder.rename(published)
    switch(artifacts, version)
    for old in versions(artifacts)[keep:]:
        if old != version:
            # Out of sight first: a build that is half gone must not look like one.
            (artifacts / old).rename(artifacts / f"{_STAGING}.{old}")
    return published


def roll_back(artifacts: Path, version: str | None = None) -> str:
    """Serve an earlier build, verified first: `version`, or the one before current.

    Returns its version. Raises ArtifactError where there is none, or where it does
    not verify; what is served is then still served.
    """
    with held(artifacts):
        builds = versions(artifacts)
        if version is None:
            version = _before_current(artifacts, builds)
        if version not in builds:
            known = ", ".join(builds) or "none"
            raise ArtifactError(
                f"{artifacts}: no build {version!r}; there are: {known}"
            )
        Build.open(artifacts / version)
        switch(artifacts, version)
    return version


def _before_current(artifacts: Path, builds: list[str]) -> str:
    served = current(artifacts).name
    earlier = builds[builds.index(served) + 1 :] if served in builds else builds
    if not earlier:
        raise ArtifactError(f"{artifacts}: no build before the current one")
    return earlier[0]


def switch(artifacts: Path, version: str) -> None:
    """Point `current` at a build, in one step."""
    link = artifacts / f".{CURRENT}"
    link.unlink(missing_ok=True)
    link.symlink_to(version)
    link.replace(artifacts / CURRENT)
    _sync_one(artifacts)


def _sync(folder: Path) -> None:
    """Have the disk hold a folder's files: a name must not outlive its content."""
    for path in [folder, *folder.rglob("*")]:
        _sync_one(path)


def _sync_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
