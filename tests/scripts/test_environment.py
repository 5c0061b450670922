"""The commands make their own `.venv`, whatever state they find it in."""

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
COMMANDS = sorted(path for path in SCRIPTS.iterdir() if path.is_file())
BASE_PYTHON = str(Path(sys.executable).resolve())

HELLO = """\
#!/usr/bin/env python3
from _environment import enter

enter(*EXTRA)

import sys

import project_package

print(sys.prefix, *sys.argv[1:], sep="|")
"""


def make_project(root: Path, requirements: str = "# none\n") -> Path:
    """A project of two commands, which needs nothing that must be fetched."""
    scripts = root / "scripts"
    scripts.mkdir(parents=True)
    shutil.copy(SCRIPTS / "_environment.py", scripts)
    for name, extra in (("hello", ""), ("hello-test", '"requirements-test.txt"')):
        (scripts / name).write_text(HELLO.replace("*EXTRA", extra))
        (scripts / name).chmod(0o755)
    (root / "requirements.txt").write_text(requirements)
    (root / "requirements-test.txt").write_text("# none\n")
    (root / "project_package.py").touch()
    return root


def started(command, **variables):
    """The command, running in a process group of its own."""
    return subprocess.Popen(
        command,
        cwd="/",
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def start(project, command="hello", *arguments, **variables):
    script = project / "scripts" / command
    return started([BASE_PYTHON, script, *arguments], **variables)


def end(process):
    """Its exit code, output and messages."""
    output, messages = process.communicate(timeout=120)
    return process.returncode, output, messages


def run(project, *arguments, **variables):
    return end(start(project, *arguments, **variables))


def made_at(project: Path) -> int:
    """When its `.venv` was last made."""
    return (project / ".venv" / "pyvenv.cfg").stat().st_mtime_ns


@pytest.fixture(scope="module")
def at_once(tmp_path_factory):
    """A project in whose folder two commands were the first, at the same time."""
    project = make_project(tmp_path_factory.mktemp("a folder") / "my project")
    both = [start(project, "hello", str(number), "a b") for number in (1, 2)]
    return project, [end(process) for process in both]


@pytest.fixture
def project(at_once):
    return at_once[0]


def test_two_first_commands_make_venv_once_and_both_go_on_in_it(at_once):
    project, ends = at_once
    for number, (code, output, messages) in enumerate(ends, start=1):
        assert (code, output) == (0, f"{project}/.venv|{number}|a b\n"), messages
    messages = "".join(messages for _, _, messages in ends)
    assert messages.count("Making .venv from requirements.txt (only once) ...") == 1
    assert messages.count(".venv is ready after") == 1


def test_a_later_command_says_nothing_and_is_quick(project):
    before = made_at(project)
    started = time.monotonic()
    assert run(project) == (0, f"{project}/.venv\n", "")
    assert time.monotonic() - started < 2
    assert made_at(project) == before


def test_a_command_works_through_a_link_as_from_its_own_folder(project, tmp_path):
    (tmp_path / "python3").symlink_to(BASE_PYTHON)  # what the first line asks for
    env = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    link = tmp_path / "hi"
    link.symlink_to(project / "scripts" / "hello")
    for command, cwd in ((link, tmp_path), ("./hello", project / "scripts")):
        answer = subprocess.run(
            [command, "x"], cwd=cwd, env=env, capture_output=True, text=True, check=True
        )
        assert (answer.stdout, answer.stderr) == (f"{project}/.venv|x\n", "")


def test_venv_takes_the_test_requirements_once_and_serves_both_commands(project):
    before = made_at(project)
    code, _, messages = run(project, "hello-test")
    assert code == 0
    assert "Adding requirements-test.txt to .venv (only once) ..." in messages
    assert run(project, "hello-test") == run(project, "hello")
    assert run(project, "hello")[2] == ""
    assert made_at(project) == before


def test_changed_requirements_make_venv_anew(project):
    (project / "requirements.txt").write_text("# still none\n")
    leftover = project / ".venv" / "leftover"
    leftover.touch()
    code, _, messages = run(project)
    assert code == 0
    assert "Making .venv from requirements.txt" in messages
    assert not leftover.exists()


def test_a_failed_install_shows_what_pip_said_and_is_no_venv_to_use(tmp_path):
    wheel = "missing-1-py3-none-any.whl"
    pinned = f"./{wheel} --hash=sha256:{'0' * 64}\n"
    project = make_project(tmp_path / "project", pinned)
    code, output, messages = run(project)
    assert (code, output) == (1, "")
    assert wheel in messages
    assert "\nCannot make .venv: the step above failed:" in messages
    (project / "requirements.txt").write_text("# none\n")
    code, _, messages = run(project)
    assert code == 0
    assert "Making .venv from requirements.txt" in messages


def test_a_command_killed_while_making_venv_does_not_spoil_the_next(tmp_path):
    project = make_project(tmp_path / "project")
    process = start(project)
    while not (project / ".venv" / "bin" / "python").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    end(process)
    code, output, messages = run(project)
    assert (code, output) == (0, f"{project}/.venv\n"), messages
    assert "Making .venv from requirements.txt" in messages


def test_ctrl_c_while_making_venv_ends_without_a_traceback(tmp_path):
    project = make_project(tmp_path / "project")
    process = start(project)
    while not (project / ".venv" / "bin" / "python").exists():
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    code, output, messages = end(process)
    assert (code, output) == (130, "")
    assert "Traceback" not in messages


def test_a_python_without_ensurepip_is_told_the_package(tmp_path):
    project = make_project(tmp_path / "project")
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "ensurepip.py").write_text("raise ImportError")
    code, output, messages = run(project, PYTHONPATH=str(hidden))
    assert (code, output) == (1, "")
    major, minor = sys.version_info[:2]
    assert "apt-get install python3-venv" in messages
    assert f"python{major}.{minor}-venv" in messages
    assert "Traceback" not in messages


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    project = make_project(tmp_path / "project")
    (project / ".venv.lock").mkdir()  # what chmod forbids, root may still do
    code, _, messages = run(project)
    assert code == 1
    assert messages.startswith(f"Cannot make {project}/.venv: ")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda path: path.name)
def test_an_old_python_can_read_the_command_to_refuse_it(command):
    ast.parse(command.read_text(), feature_version=(3, 7))


def test_an_old_python_is_told_which_one_is_needed():
    pretend = "import runpy, sys; sys.version_info = (3, 9, 18, 'final', 0); "
    load = f"runpy.run_path({str(SCRIPTS / '_environment.py')!r})"
    code, _, messages = end(started([sys.executable, "-c", pretend + load, "x"]))
    assert code == 1
    assert messages.startswith("salespredictor needs Python 3.11 or newer, this is 3.9")


def pins(name: str) -> dict[str, str]:
    """Version by package of a requirements file."""
    return dict(
        re.findall(r"^([\w.-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE)
    )


LOCKED = tuple(path.stem for path in sorted(ROOT.glob("requirements*.in")))


def test_the_requirements_files_agree_and_pin_by_hash():
    versions: dict[str, set[str]] = {}
    for name in LOCKED:
        for package, version in pins(f"{name}.txt").items():
            versions.setdefault(package, set()).add(version)
        text = (ROOT / f"{name}.txt").read_text()
        pinned = re.findall(
            r"^\S.*\\\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE
        )
        assert len(pinned) == len(re.findall(r"^[^#\s-]", text, re.MULTILINE))
    assert all(len(found) == 1 for found in versions.values())


@pytest.mark.parametrize("name", LOCKED)
def test_every_direct_requirement_is_locked(name):
    direct = re.findall(
        r"^[a-z][\w.-]*", (ROOT / f"{name}.in").read_text(), re.MULTILINE
    )
    assert direct
    assert set(direct) <= set(pins(f"{name}.txt"))
