"""The build that this process serves: loaded, watched, swapped whole for a newer."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from model import artifacts
from model import manifest as manifests
from model.artifacts import Build
from service.answers import Predictor
from service.browse import Browser
from service.facts import Model, Refused
from service.logs import Log
from service.metrics import Family, Metrics
from service.note import Tally
from service.problems import NotReady

SECONDS_BETWEEN_LOOKS = 1.0
DAY = 86_400.0  # seconds


@dataclass(frozen=True)
class Ready:
    """What answers from one build."""

    build: Build
    predictor: Predictor
    browser: Browser
    made: float  # seconds since 1970

    @property
    def version(self) -> str:
        """The build's."""
        return self.build.manifest.version

    @classmethod
    def of(cls, build: Build, tally: Tally, stale_after: int | None) -> "Ready":
        """What answers from `build`; stale so many days after its month's end."""
        ends = end_of(build.manifest.month)
        stale_from = None if stale_after is None else ends + stale_after * DAY
        predictor = Predictor(build, tally, stale_from)
        made = datetime.fromisoformat(build.manifest.created).timestamp()
        return cls(build, predictor, Browser(predictor), made)

    def age(self) -> float:
        """Seconds since the build was made; a clock that was set back makes it 0."""
        return max(0.0, time.time() - self.made)

    def told(self, refused: Refused | None) -> Model:
        """All that is known of the build, and of one that was refused."""
        return Model(
            **msgspec.structs.asdict(self.build.manifest),
            age_days=int(self.age() // DAY),
            stale=self.predictor.stale() is True,
            refused=refused,
        )

    def families(self) -> Iterator[Family]:
        """The build, for the metrics."""
        manifest = self.build.manifest
        yield Family.gauge(
            "build_info",
            "The build that answers, by the worker asked.",
            1,
            version=manifest.version,
            month=manifest.month,
            demo=str(manifest.demo).lower(),
        )
        yield Family.gauge(
            "build_age_seconds", "Since the build was made.", round(self.age(), 1)
        )
        yield Family.gauge(
            "forecast_month",
            "The forecast month as date_block_num.",
            manifest.date_block_num,
        )
        yield Family.gauge(
            "forecast_end_timestamp_seconds",
            "When the forecast month ends, UTC.",
            end_of(manifest.month),
        )


class Served:
    """Holds the build that requests are answered from.

    A request takes `ready()` once and keeps to it, so that an answer is of one build.
    A build that does not verify changes nothing but `refused`.
    """

    def __init__(
        self,
        folder: Path,
        stale_after: int | None,
        *,
        tally: Tally,
        metrics: Metrics,
        log: Log,
    ) -> None:
        self._folder = folder
        self._stale_after = stale_after
        self._tally, self._metrics, self._log = tally, metrics, log
        self._ready: Ready | None = None
        self._reason = ""
        self._seen: object = self  # nothing yet
        self.refused: Refused | None = None
        self.look()

    def ready(self) -> Ready:
        """What answers requests. Raises NotReady with the reason."""
        if self._ready is None:
            raise NotReady(self._reason)
        return self._ready

    def watch(self) -> None:
        """Look for a newer build from now on, in a thread of its own."""
        threading.Thread(target=self._watch, daemon=True, name="builds").start()

    def _watch(self) -> None:
        pause = threading.Event()
        while not pause.wait(SECONDS_BETWEEN_LOOKS):
            self.look()

    def look(self) -> None:
        """Load the current build where it is another than at the last look."""
        seen = self._current()
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self._take(artifacts.current(self._folder))
        except Exception as error:  # noqa: BLE001 whatever it is, the old one is served
            self._refuse(seen[0] if seen else "", str(error))
        else:
            self.refused = None

    def _take(self, folder: Path) -> None:
        """Serve the build in `folder`. Raises whatever is wrong with it."""
        build = Build.open(folder)
        self._ready = Ready.of(build, self._tally, self._stale_after)
        self._log.event("build_loaded", version=build.manifest.version)

    def _refuse(self, version: str, reason: str) -> None:
        self._reason = reason
        self.refused = Refused(version, reason)
        self._metrics.refused()
        self._log.event("build_refused", version=version, reason=reason)
        if self._ready is None:
            self._take_earlier(version)

    def _take_earlier(self, refused: str) -> None:
        """Serve the newest whole build before the refused one, if there is one.

        It is what workers that started earlier go on serving.
        """
        builds = artifacts.versions(self._folder)
        for version in builds[builds.index(refused) + 1 if refused in builds else 0 :]:
            with suppress(Exception):
                folder = self._folder / version
                if manifests.read(folder).version == version:
                    self._take(folder)
                    return

    def families(self) -> list[Family]:
        """What is served and refused, for the metrics."""
        refused = self.refused is not None
        return [
            Family.gauge(
                "build_refused", "Whether the current build is refused.", int(refused)
            ),
            *(self._ready.families() if self._ready else ()),
        ]

    def _current(self) -> tuple[str, object] | None:
        """The version to serve and the state of its files, if there is one."""
        link = self._folder / artifacts.CURRENT
        try:
            return link.readlink().name, artifacts.stamp(link)
        except OSError:
            return None


def end_of(month: str) -> float:
    """When the month "YYYY-MM" ends: seconds since 1970, UTC.

    >>> datetime.fromtimestamp(end_of("2015-12"), UTC).isoformat()
    '2016-01-01T00:00:00+00:00'
    """
    year, number = map(int, month.split("-"))
    return datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC).timestamp()
