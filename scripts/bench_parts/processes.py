"""A command in a process of its own: how long it took, and its peak memory."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench_parts.context import ENVIRON, BenchError


@dataclass(frozen=True)
class Run:
    """What a command took, and what it printed."""

    seconds: float
    peak: float  # GB
    output: str


def run(*arguments: str | Path, folder: Path) -> Run:
    """Run Python with these arguments to its end. Raises BenchError where it fails."""
    line = [sys.executable, *map(str, arguments)]
    with (folder / "output").open("w+") as output:
        started = time.monotonic()
        process = subprocess.Popen(line, env=ENVIRON, stdout=output, stderr=output)
        try:
            # Not `wait`: only this tells the memory of one child.
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if process.returncode:
        raise BenchError(f"{' '.join(line)} failed:\n{text}")
    return Run(seconds, usage.ru_maxrss * 1024 / 1e9, text)
