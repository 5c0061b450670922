"""What `--engine` asks of this machine, before anything of `.venv` can be imported.

Standard library only, as `_environment.py`.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

OLDEST_JAVA = 17
# pyspark comes as source alone: what builds it has to be there first.
SPARK = ("requirements-sdist.txt", "requirements-spark.txt")


def requirements(arguments: Sequence[str]) -> tuple[str, ...]:
    """The requirements files of the engine that a command's arguments name.

    Exits with 1 where that is Spark and there is no Java for it.
    """
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--engine")
    if parser.parse_known_args(arguments)[0].engine != "spark":
        return ()
    found = java_version()
    if found is None or found < OLDEST_JAVA:
        sys.exit(
            f"--engine spark needs Java {OLDEST_JAVA} or newer,"
            f" this machine has {found or 'none'}:"
            f" apt-get install openjdk-{OLDEST_JAVA}-jre-headless"
        )
    return SPARK


def java_version() -> int | None:
    """The major version of the Java that Spark would start, or None."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else shutil.which("java")
    try:
        said = subprocess.run(
            [java or "java", "-version"], capture_output=True, text=True, check=True
        ).stderr
    except (OSError, subprocess.CalledProcessError):
        return None
    version = re.search(r'version "(\d+)', said)
    return int(version[1]) if version else None
