"""Runs the project's commands as a person does, and looks at what they say."""

import os
import signal
import subprocess

from tests.conftest import ROOT


def command(name, *options):
    return [str(ROOT / "scripts" / name), *map(str, options)]


def run(name, *options, cwd=None, **environ):
    """The ended command, its output as text."""
    return subprocess.run(
        command(name, *options),
        cwd=cwd,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def start(name, *options, cwd=None, **environ):
    """The command in a process group of its own, both outputs in one pipe."""
    return subprocess.Popen(
        command(name, *options),
        cwd=cwd,
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def press_ctrl_c(process):
    """What a terminal does: the signal goes to the whole group."""
    os.killpg(process.pid, signal.SIGINT)


def assert_one_line(done, code, *words):
    """It failed with the code and one line on standard error, and said no more."""
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.endswith("\n")
    for word in words:
        assert word in done.stderr
