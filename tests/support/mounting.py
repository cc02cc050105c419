"""Small file systems mounted for one command."""

import subprocess

import pytest

MOUNT = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
"""A shell that may mount file systems that nobody else sees."""


def needs_mount() -> None:
    """Skip the test where nobody may do that."""
    if subprocess.run([*MOUNT, "mount -t tmpfs none /mnt"], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a small file system")
