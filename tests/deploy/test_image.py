"""The steps of deploy/Dockerfile in a fresh environment, and its server on a read-only file system."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
import venv
from pathlib import Path

import pytest
from PIL import Image

from support.dockerfile import install
from support.mounting import MOUNT, needs_mount

ROOT = Path(__file__).parents[2]
OFFLINE = re.compile("NewConnectionError|ConnectTimeout|NameResolutionError|Temporary failure in name resolution")
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0" && exec "$@"'
"""A shell's script: the folder $0 read-only, and the command in it."""


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> Path:
    """What the image has: the environment and the code; and a model. Installed by the Dockerfile's own command."""
    for needed in ("onnxscript", "onnxruntime"):
        pytest.importorskip(needed, reason="needs requirements-export.txt")
    needs_mount()
    folder = tmp_path_factory.mktemp("image")
    venv.create(folder / "venv", with_pip=True)
    command = install()
    words = [str(folder / "venv/bin/python3"), *command[command.index("/opt/venv/bin/python3") + 1 :]]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    if done.returncode and OFFLINE.search(done.stdout + done.stderr):
        pytest.skip("needs a package index")
    assert done.returncode == 0, done.stderr
    shutil.copytree(ROOT / "src/tailwise", folder / "tailwise", ignore=shutil.ignore_patterns("__pycache__"))
    export(folder)
    return folder


def export(folder: Path) -> None:
    from support.exporting import write_weights
    from tailwise.cli.main import main

    weights = write_weights(folder / "w.safetensors", "logos-small")
    assert main(["export", "--weights", str(weights), "--to", "onnx", "--out", str(folder / "model")]) == 0
    Image.linear_gradient("L").convert("RGB").save(folder / "a.png")


def start(image: Path, tmp: Path, port: int) -> subprocess.Popen:
    """The server, where it can write into `tmp` alone."""
    python = [str(image / "venv/bin/python3"), "-m", "tailwise", "serve", "--model", "model", "--port", str(port)]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(image), "HOME": str(image / "nobody"), "TMPDIR": str(tmp)}
    command = [*MOUNT, READ_ONLY, str(image), *python]
    return subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)


def wait(server: subprocess.Popen, port: int) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health") as found:
                assert json.load(found) == {"status": "ready"}
            return
        except OSError:
            assert server.poll() is None, server.stderr.read()
            time.sleep(0.2)
    pytest.fail("the server does not answer")


def ask(port: int, file: Path) -> dict:
    """The answer to one file."""
    head = f'--b\r\nContent-Disposition: form-data; name="files"; filename="{file.name}"\r\n\r\n'.encode()
    body = head + file.read_bytes() + b"\r\n--b--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=b"}
    with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/predict", body, headers)) as found:
        return json.load(found)


@pytest.mark.slow
def test_no_torch_is_in_the_image(image):
    listed = subprocess.run([image / "venv/bin/python3", "-m", "pip", "list"], capture_output=True, text=True).stdout
    assert "onnxruntime" in listed and "torch" not in listed


@pytest.mark.slow
def test_every_package_of_the_image_is_pinned(image):
    from tailwise.cli.doctor.installed import plain, read_pins

    files = [ROOT / "constraints.txt", *ROOT.glob("requirements/*.txt"), *ROOT.glob("requirements-*.txt")]
    pins = {name: version for file in files for name, version in read_pins(file).items()}
    frozen = subprocess.run([image / "venv/bin/python3", "-m", "pip", "freeze"], capture_output=True, text=True).stdout
    found = dict(line.split("==") for line in frozen.splitlines())
    assert {name: version for name, version in found.items() if pins.get(plain(name)) != version} == {}


@pytest.mark.slow
def test_the_server_answers_on_a_read_only_file_system(image, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = start(image, tmp_path, port)
    try:
        wait(server, port)
        (sample,) = ask(port, image / "a.png")["samples"]
        assert sample["files"] == ["a.png"] and sample["heads"]["kind"]["class"]
    finally:
        server.send_signal(signal.SIGTERM)
    assert server.wait(40) in (0, -signal.SIGTERM)
    assert list(tmp_path.iterdir()) == [] and not list(image.rglob("tailwise/**/__pycache__"))
