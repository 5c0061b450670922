"""The build that this process serves, or the reason why it serves none."""

from dataclasses import dataclass
from pathlib import Path

from feature_store.errors import ArtifactError
from model import artifacts
from model.artifacts import Build
from service.answers import Predictor
from service.browse import Browser
from service.problems import NotReady


@dataclass(frozen=True)
class Ready:
    """What answers from one build."""

    build: Build
    predictor: Predictor
    browser: Browser


class Served:
    """Loads the current build when it is made; `ready` gives it to a request."""

    def __init__(self, folder: Path) -> None:
        self._ready: Ready | None = None
        self._reason = ""
        try:
            build = Build.open(artifacts.current(folder))
        except (ArtifactError, OSError) as error:
            self._reason = str(error)
        else:
            predictor = Predictor(build)
            self._ready = Ready(build, predictor, Browser(predictor))

    def ready(self) -> Ready:
        """What answers requests. Raises NotReady with the reason."""
        if self._ready is None:
            raise NotReady(self._reason)
        return self._ready
