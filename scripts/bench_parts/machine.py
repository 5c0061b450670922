"""The machine and the code that the figures were measured on."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def facts(driver: str) -> dict[str, object]:
    """Cores, processor, memory, Python, date, commit and what drove the load."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": cpu(),
        "memory_gb": round(
            os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
        ),
        "load": round(os.getloadavg()[0], 2),  # of the minute before
        "python": platform.python_version(),
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(),
        "driver": driver,
    }


def cpu() -> str:
    """The processor's name."""
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def commit() -> str:
    """The checkout's commit, with a + where files were changed since."""
    try:
        git = ["git", "-C", str(ROOT)]
        head = _output([*git, "rev-parse", "--short", "HEAD"])
        changed = _output([*git, "status", "--porcelain", "--untracked-files=no"])
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head + ("+" if changed else "")


def _output(command: list[str]) -> str:
    return subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=30
    ).stdout.strip()


def sentence(found: dict[str, object]) -> str:
    """The facts in one line."""
    return (
        f"{found['cores']} cores ({found['cpu']}), {found['memory_gb']} GB, Python"
        f" {found['python']}, {found['date']}, commit {found['commit']}, load by"
        f" {found['driver']}."
    )
