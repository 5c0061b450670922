"""The build that this process serves: loaded, watched, swapped whole for a newer."""

import threading
from dataclasses import dataclass
from pathlib import Path

from model import artifacts
from model import manifest as manifests
from model.artifacts import Build
from service.answers import Predictor
from service.browse import Browser
from service.facts import Refused
from service.problems import NotReady

SECONDS_BETWEEN_LOOKS = 1.0


@dataclass(frozen=True)
class Ready:
    """What answers from one build."""

    build: Build
    predictor: Predictor
    browser: Browser

    @property
    def version(self) -> str:
        """The build's."""
        return self.build.manifest.version

    @classmethod
    def of(cls, build: Build) -> "Ready":
        """What answers from `build`."""
        predictor = Predictor(build)
        return cls(build, predictor, Browser(predictor))


class Served:
    """Holds the build that requests are answered from.

    A request takes `ready()` once and keeps to it, so that an answer is of one build.
    A build that does not verify changes nothing but `refused`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
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
            ready = Ready.of(Build.open(artifacts.current(self._folder)))
        except Exception as error:  # noqa: BLE001 whatever it is, the old one is served
            self._reason = str(error)
            self.refused = Refused(seen[0] if seen else "", self._reason)
        else:
            self._ready, self.refused = ready, None

    def _current(self) -> tuple[str, int] | None:
        """The version to serve, and when its manifest was written, if there is one."""
        link = self._folder / artifacts.CURRENT
        try:
            return link.readlink().name, (link / manifests.NAME).stat().st_mtime_ns
        except OSError:
            return None
