"""What every bench is told: how long, how often, on which data and which build."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench_parts.machine import ROOT
from feature_store.errors import SalesError
from model.artifacts import current

SCRIPTS = ROOT / "scripts"
# What a module of `bench_parts` or `bench_peers` needs in a process of its own.
# Threads that wait do not spin, for peers as for the service: spinning takes the cores
# from whoever drives the load.
ENVIRON = {
    **os.environ,
    "PYTHONPATH": f"{SCRIPTS}:{ROOT}",
    "OMP_WAIT_POLICY": "PASSIVE",
}


class BenchError(SalesError):
    """A bench that cannot be run, or that would compare what is not the same."""


@dataclass(frozen=True)
class Context:
    """The options; `folder` is for what the benches write, and goes afterwards."""

    rounds: int
    seconds: float  # of one measurement of requests
    driver: str  # wrk or python
    folder: Path
    given_data: Path | None = None
    given_artifacts: Path | None = None

    @property
    def data(self) -> Path:
        """The folder of sales: the real ones where they are, else the demo's."""
        if self.given_data:
            return self.given_data
        beside = ROOT.parent / "shared" / "data"
        real = Path(os.environ.get("SALES_TEST_DATA", beside)) / "thirty-four-months"
        if real.is_dir():
            return real
        demo = self.folder / "demo"
        if not demo.exists():
            command("demo-data", "--out", str(demo))
        return demo

    @property
    def artifacts(self) -> Path:
        """An artifacts folder to serve: what `train` built, or a build made now."""
        if self.given_artifacts:
            return self.given_artifacts
        builds = self.folder / "builds"
        if not (builds / "current").exists():
            command("build", "--data", str(self.data), "--out", str(builds))
        return builds

    @property
    def build(self) -> Path:
        """The folder of the build that is served. Raises ArtifactError."""
        return current(self.artifacts)


def command(name: str, *arguments: str) -> None:
    """Run one of the project's commands, its output unseen. Raises BenchError."""
    line = [sys.executable, str(SCRIPTS / name), *arguments]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{name} failed:\n{done.stdout}{done.stderr}")
