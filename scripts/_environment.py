"""Makes `.venv` from the pinned requirements, then continues the command in it.

A command in this folder starts with

    from _environment import enter
    enter()

and imports what `.venv` brings after that. `python3 scripts/_environment.py` makes
`.venv` and does no more. Standard library only; its grammar is old enough for an
old Python to read it and say which one is needed.
"""

import sys

VERSION = ".".join(map(str, sys.version_info[:2]))
if sys.version_info < (3, 11):
    sys.exit(
        f"salespredictor needs Python 3.11 or newer, this is {VERSION}. "
        f"Where a newer one is installed, name it: python3.11 {' '.join(sys.argv)}"
    )

import fcntl
import hashlib
import importlib
import os
import subprocess
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = "requirements.txt"

# The files pin every package, so there is nothing for pip to resolve. A file may say
# that a package comes as source: what builds it is then pinned, too, in a file before
# it. -I: what PYTHONPATH holds is not in `.venv`.
PIP_INSTALL = (
    "-I -m pip install --require-hashes --no-deps --only-binary :all: "
    "--no-build-isolation --no-compile "
    "--no-input --disable-pip-version-check --progress-bar off"
).split()
PACKAGE = ("Collecting ", "Processing ")  # how pip's line on a package begins
NO_VENV = f"""\
This Python has no venv module, which makes the project's .venv. On Debian and Ubuntu:
    apt-get install python3-venv    (or python{VERSION}-venv, for this very Python)"""


def enter(*extra: str) -> None:
    """Return in `.venv`, which holds `requirements.txt` and the `extra` files.

    Makes or completes it first where that is needed: a line to stderr says so.
    Outside `.venv` this starts the command again with the Python inside it. The
    project's root is importable afterwards. Exits with 1 where `.venv` cannot be made,
    saying why.
    """
    wanted = (REQUIREMENTS, *extra)
    try:
        if not all(map(is_installed, wanted)):
            make(wanted)
    except OSError as error:
        sys.exit(f"Cannot make {VENV}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    # Not sys.prefix: where PYTHONHOME is set, it would never become `.venv`.
    if sys.executable != str(PYTHON):
        os.execv(PYTHON, [str(PYTHON), *sys.orig_argv[1:]])
    sys.path.insert(0, str(ROOT))
    sys.excepthook = _quiet_when_stopped


def _quiet_when_stopped(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """No traceback for a Ctrl-C that comes while a command is still importing."""
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)


def is_installed(name: str) -> bool:
    """Whether `.venv` holds requirements file `name` as it is now."""
    try:
        return PYTHON.exists() and stamp(name).read_text() == digest(name)
    except FileNotFoundError:
        return False


def stamp(name: str) -> Path:
    """The file that says which content of `name` is installed."""
    return VENV / f"{name}.sha256"


def digest(name: str) -> str:
    """Hex SHA-256 of requirements file `name`."""
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def make(wanted: Sequence[str]) -> None:
    """Make `.venv` with the `wanted` files, or add what it lacks of them."""
    with lock() as held:
        lacking = [name for name in wanted if not is_installed(name)]
        if not lacking:  # another command made it while this one waited
            return
        started = time.monotonic()
        # A stamp that does not match is an older content or a broken-off install.
        if REQUIREMENTS in lacking or any(stamp(name).exists() for name in lacking):
            lacking = list(wanted)
            say(f"Making .venv from {' and '.join(lacking)} (only once) ...")
            create(held)
        else:
            say(f"Adding {' and '.join(lacking)} to .venv (only once) ...")
        install(lacking, held)
        say(f".venv is ready after {time.monotonic() - started:.0f} s")


@contextmanager
def lock() -> Iterator[int]:
    """Hold the right to change `.venv`; gives the lock's file descriptor."""
    with (ROOT / ".venv.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another command that is making .venv ...")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def create(held: int) -> None:
    """An empty `.venv`, whatever was there. Exits where Python cannot make one."""
    try:
        # Debian has venv without ensurepip until python3-venv is installed.
        importlib.import_module("venv")
        importlib.import_module("ensurepip")
    except ImportError:
        sys.exit(NO_VENV)
    # Resolved, since this may run in the `.venv` that is about to go.
    python = str(Path(sys.executable).resolve())
    run([python, "-m", "venv", "--clear", str(VENV)], held)


def install(names: Sequence[str], held: int) -> None:
    """Install the files in their order; a stamp is full only after the last step."""
    digests = {name: digest(name) for name in names}
    for name in names:
        stamp(name).write_text("")
    for name in names:
        packages = (ROOT / name).read_text().count("==")
        run([str(PYTHON), *PIP_INSTALL, "-r", str(ROOT / name)], held, packages)
    # Python compiles what it imports, once; but where it may not keep the result,
    # each start would compile all anew.
    if sys.dont_write_bytecode:
        skip = "/site-packages/(pip|setuptools|scipy|.*/tests)/"
        compile_all = ["-m", "compileall", "-qq", "-j0", "-x", skip, str(VENV / "lib")]
        run([str(PYTHON), *compile_all], held)
    for name in names:
        stamp(name).write_text(digests[name])


def run(command: Sequence[str], held: int, packages: int = 0) -> None:
    """Run a step, its output unseen; where it fails, exit with the output's end."""
    tail: deque[str] = deque(maxlen=12)
    seen = 0
    # The child keeps the lock: killed alone, this process would leave a pip that
    # still writes to `.venv`.
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        pass_fds=[held],
    ) as process:
        for line in process.stdout or ():
            tail.append(line)
            seen += line.startswith(PACKAGE)
            show_progress(line, f"{seen}/{packages}")
    show_progress("", "")
    if process.returncode:
        say("".join(tail).rstrip())
        sys.exit(f"Cannot make .venv: the step above failed: {' '.join(command)}")


def show_progress(line: str, count: str) -> None:
    """On a terminal, one line that is overwritten: what pip is doing now."""
    if not sys.stderr.isatty():
        return
    if line.startswith(PACKAGE):
        name = Path(line.split()[1]).name  # a pin, or a wheel that pip has here
        print(f"\r\033[K  {count} {name}", end="", file=sys.stderr, flush=True)
    elif line.startswith("Installing collected packages"):
        print("\r\033[K  unpacking", end="", file=sys.stderr, flush=True)
    elif not line:
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def say(text: str) -> None:
    """One message to stderr, where it does not mix with a command's output."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    enter(*sys.argv[1:])
