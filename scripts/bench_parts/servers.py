"""Servers for the length of a block: ours as it is shipped, and its peers."""

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from bench_parts.context import ENVIRON, SCRIPTS, BenchError

STARTING, STOPPING, LOOKING = 120, 40, 1.0  # seconds


@dataclass(frozen=True)
class Server:
    """A server that answers: where, as which process, after how long."""

    port: int
    pid: int
    seconds: float  # from command to ready


@contextmanager
def ours(artifacts: Path, *options: str) -> Iterator[Server]:
    """`scripts/serve` on an artifacts folder."""
    with _running([str(SCRIPTS / "serve"), *options], artifacts) as server:
        yield server


@contextmanager
def peer(name: str, artifacts: Path, **environ: str) -> Iterator[Server]:
    """A script of `bench_peers` on an artifacts folder."""
    with _running(["-m", f"bench_peers.{name}"], artifacts, **environ) as server:
        yield server


@contextmanager
def _running(
    script: Sequence[str], artifacts: Path, **environ: str
) -> Iterator[Server]:
    port = free_port()
    line = [sys.executable, *script, "--port", str(port)]
    environ = {**ENVIRON, "SALES_ARTIFACTS": str(artifacts), **environ}
    # Logs are written, as they would be; to a file that goes with the folder.
    log = Path(tempfile.mkstemp(prefix="bench-", suffix=".log")[1])
    started = time.monotonic()
    with (
        log.open("w") as output,
        subprocess.Popen(line, env=environ, stdout=output, stderr=output) as process,
    ):
        try:
            _wait(port, process, log)
            yield Server(port, process.pid, time.monotonic() - started)
        finally:
            _stop(process)
            log.unlink()


def _wait(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until /readyz is answered, or for a peer anything. Raises BenchError."""
    deadline = time.monotonic() + STARTING
    while process.poll() is None and time.monotonic() < deadline:
        connection = HTTPConnection("127.0.0.1", port, timeout=STARTING)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status < 500:
                return
        except (OSError, HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.01)
    raise BenchError(f"a server did not start:\n{log.read_text()}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOPPING)
    except subprocess.TimeoutExpired:
        process.kill()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def workers_of(pid: int) -> list[int]:
    """The processes that a server started to answer."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return list(map(int, children.split()))


def memory(pid: int) -> dict[str, float]:
    """A process's memory, MB: its own, and what others map too."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    fields = {line.split(":")[0]: int(line.split()[1]) / 1e3 for line in lines}
    return {
        kind.lower(): fields[f"{kind}_Clean"] + fields[f"{kind}_Dirty"]
        for kind in ("Private", "Shared")
    }


def wait_until_loaded(server: Server) -> None:
    """Until no worker's memory grows: the first to load makes the server ready."""
    before, deadline = -1.0, time.monotonic() + STARTING
    while time.monotonic() < deadline:
        now = sum(memory(pid)["private"] for pid in workers_of(server.pid))
        if abs(now - before) < 1:
            return
        before = now
        time.sleep(LOOKING)
