"""The service needs nothing that it could write to: neither its files nor /tmp."""

import subprocess

import pytest
import requests

from tests.conftest import running_server

# In a mount namespace of its own: the whole file system can only be read.
READ_ONLY = """
mount --make-rprivate /
for folder in / /tmp /dev/shm; do
  mount --bind $folder $folder && mount -o remount,ro,bind $folder || exit
done
for folder in /tmp /dev/shm "$0"; do
  touch "$folder/written" 2>/dev/null && exit 1
done
exec "$@"
"""


@pytest.fixture
def read_only(small_artifacts):
    """What starts a command so that it can write to no file."""
    command = ["unshare", "--mount", "sh", "-c", READ_ONLY, str(small_artifacts)]
    try:
        subprocess.run([*command, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a read-only file system needs the right to mount (root has it)")
    return command


def test_it_serves_from_a_read_only_file_system(read_only, small_artifacts, server):
    asked = {"shop_id": 24, "item_id": 6676}
    with running_server(small_artifacts, inside=read_only) as found:
        answer = requests.post(found.url, json=asked, timeout=10)
        assert answer.json() == requests.post(server.url, json=asked, timeout=10).json()
        listed = requests.get(f"{found.url}/v1/items?q=a", timeout=10)
        assert listed.status_code == 200
        assert requests.get(found.url, timeout=10).status_code == 200
    assert found.process.returncode == 0
