"""The checks of `tailwise doctor`, each with its fault planted."""

import errno
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tailwise.cli.doctor import accelerator, probe, storage
from tailwise.cli.doctor.accelerator import Driver, check_torch, read_driver
from tailwise.cli.doctor.child import Failure, ask
from tailwise.cli.doctor.installed import check_optional, check_packages, check_python, some, versions
from tailwise.cli.doctor.locks import check_locks
from tailwise.cli.doctor.machine import GIB, check_cores, check_memory, check_shared_memory
from tailwise.cli.doctor.storage import check_disk, check_storage, check_writable, link_type
from tailwise.cli.doctor.video import check_decoders, wrong_frames

RIGHT = [float(probe.GREY * place) for place in range(probe.FRAMES)]


def statuses(found) -> list[str]:
    return [one.status for one in found]


def only(found):
    (one,) = found
    return one


@pytest.fixture
def project(tmp_path):
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/core.txt").write_text("PyYAML==6.0.3\nruamel.yaml_clib==0.2  # why\n")
    (tmp_path / "requirements-more.txt").write_text("# more\nextra==1.0\nfurther==2.0\n")
    (tmp_path / "constraints.txt").write_text("pyyaml==6.0.3\nruamel-yaml-clib==0.2\nidna==3.1\nextra==1.0\n")
    return tmp_path


def test_python_must_be_new_enough():
    assert statuses(check_python((3, 11, 0))) == ["ok"]
    old = only(check_python((3, 10, 9)))
    assert old.status == "problem" and "3.10.9" in old.text and "3.11 or newer" in old.text


@pytest.mark.parametrize(
    ("installed", "status", "said"),
    [
        ({"pyyaml": "6.0.3", "ruamel-yaml-clib": "0.2"}, "ok", "the 2 of requirements.txt"),
        ({"pyyaml": "6.0.3"}, "problem", "not installed: ruamel-yaml-clib"),
        ({"pyyaml": "5.0", "ruamel-yaml-clib": "0.2"}, "problem", "pyyaml 5.0 (pinned 6.0.3)"),
        ({"pyyaml": "6.0.3", "ruamel-yaml-clib": "0.2", "idna": "3.2"}, "warning", "idna 3.2 (pinned 3.1)"),
    ],
)
def test_versions_are_compared_with_the_pins(project, installed, status, said):
    one = only(check_packages(project, installed))
    assert (one.status, bool(one.remedy)) == (status, status != "ok") and said in one.text


def test_without_pins_no_version_is_compared(tmp_path):
    assert only(check_packages(tmp_path, {})).status == "warning"


@pytest.mark.parametrize(
    ("installed", "status", "said"),
    [
        ({}, "ok", "not installed; if you need them: python3 -m pip install -r requirements-more.txt"),
        ({"extra": "1.0"}, "ok", "in part; without further"),
        ({"extra": "1.0", "further": "2.0"}, "ok", "installed"),
        ({"extra": "0.9", "further": "2.0"}, "warning", "extra 0.9 (pinned 1.0)"),
    ],
)
def test_optional_packages_name_their_file(project, installed, status, said):
    one = only(check_optional(project, installed))
    assert one.check == "optional packages: more" and one.status == status and said in one.text


def test_installed_versions_have_plain_names_and_no_local_part():
    found = versions()
    assert found["pyyaml"] and not [name for name in found if "_" in name] and "+" not in "".join(found.values())


def test_long_lists_are_cut():
    assert some(list("abcdefg")) == "a, b, c, d, e and 2 more" and some(["a"]) == "a"


def test_locks_exclude_here(tmp_path):
    assert only(check_locks(tmp_path)).status == "ok"
    assert list(tmp_path.iterdir()) == []


def test_locks_that_do_not_exclude_are_a_problem(tmp_path):
    """As on a share that is mounted without locks: taking one succeeds, and so it does for everybody else."""
    one = only(check_locks(tmp_path, lambda file, how: None))
    assert one.status == "problem" and "locks do not exclude" in one.text and one.remedy


def test_a_disk_without_locks_is_a_problem(tmp_path):
    def refuse(file, how):
        raise OSError(errno.ENOLCK, "No locks available")

    assert "No locks available" in only(check_locks(tmp_path, refuse)).text
    assert list(tmp_path.iterdir()) == []
    assert only(check_locks(tmp_path / "gone")).status == "problem"


@pytest.mark.parametrize(("limit", "status"), [(0, "ok"), (2e4, "warning"), (2e6, "problem")])
def test_a_disk_with_less_than_the_limit(tmp_path, monkeypatch, limit, status):
    monkeypatch.setattr(storage.shutil, "disk_usage", lambda folder: SimpleNamespace(free=1e4 * GIB))
    one = next(check_disk("the project", tmp_path / "not/yet", limit))
    assert one.status == status and str(tmp_path) in one.text and "10000.0 GiB free" in one.text


def test_a_disk_without_inodes(tmp_path, monkeypatch):
    monkeypatch.setattr(storage.os, "statvfs", lambda folder: SimpleNamespace(f_files=100, f_favail=3))
    monkeypatch.setattr(storage.shutil, "disk_usage", lambda folder: SimpleNamespace(free=GIB))
    assert "3 more files" in list(check_disk("the project", tmp_path, 0))[-1].text


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    """/proc, as no mode stops root."""
    one = only(check_writable([tmp_path, Path("/proc"), tmp_path / "absent"]))
    assert one.status == "problem" and one.text.startswith("/proc: ")
    assert statuses(check_writable([tmp_path])) == ["ok"]


@pytest.mark.parametrize(
    ("works", "status", "said"),
    [
        (["hardlink", "copy"], "ok", "hardlink (of hardlink, copy)"),
        (["copy"], "warning", "every output is on disk twice"),
        ([], "problem", "none of hardlink, copy works"),
    ],
)
def test_the_link_that_dvc_uses_is_the_first_that_works(works, status, said):
    one = link_type({"types": ["hardlink", "copy"], "works": works, "cache": "/cache", "index": "/index"})
    assert one.status == status and said in one.text


def test_a_project_that_dvc_cannot_open_still_has_its_disks_checked(tmp_path):
    def fail(*question):
        raise Failure("NotDvcRepoError")

    found = {one.check: one.status for one in check_storage(tmp_path, 0, fail)}
    assert found["dvc"] == "problem" and found["disk of the project"] == found["writable folders"] == "ok"


def test_the_links_of_a_real_repository(tmp_path):
    from dvc.repo import Repo

    Repo.init(str(tmp_path), no_scm=True).close()
    with (tmp_path / ".dvc/config").open("a") as file:
        file.write('[cache]\n    type = "symlink,copy"\n')
    found = probe.dvc(str(tmp_path))
    assert found["types"] == found["works"] == ["symlink", "copy"] and found["cache"].startswith(str(tmp_path))
    assert not list(tmp_path.glob(".*.tmp")) and not list(tmp_path.glob("x*"))


@pytest.mark.parametrize("decoder", [probe.pyav, probe.decord], ids=["pyav", "decord"])
def test_decoders_give_back_the_frames_of_the_clip(decoder):
    assert wrong_frames(decoder()["greys"]) == ""


@pytest.mark.parametrize(
    ("greys", "said"),
    [(RIGHT, ""), (RIGHT[1:], "5 of 6"), ([0.0] * 6, "frame 1 has a grey of 0, 40"), ([], "0 of 6")],
)
def test_frames_are_compared_with_what_was_encoded(greys, said):
    assert said in wrong_frames(greys) and bool(said) == bool(wrong_frames(greys))


def test_a_decoder_that_fails_leaves_the_other():
    def answer(name):
        if name == "pyav":
            raise Failure("SIGSEGV: no message")
        return {"version": "1", "greys": RIGHT}

    found = list(check_decoders(answer))
    assert statuses(found) == ["problem", "ok"] and "SIGSEGV" in found[0].text and "decode.txt" in found[0].remedy


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise ImportError('libx.so: cannot open')", "ImportError: libx.so: cannot open"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV: no message"),
        ("import time; time.sleep(60)", "no answer within 0.5 s"),
        ("print('no json')", "it gave no answer"),
        ("", "it gave no answer"),
    ],
)
def test_what_a_process_can_do_instead_of_answering(code, said):
    limit = 0.5 if "sleep" in code else 60
    with pytest.raises(Failure, match=said):
        ask("torch", command=[sys.executable, "-c", code], timeout_s=limit)


def test_an_answer_comes_after_what_a_library_prints():
    code = "import sys; print('hello'); print('{\"a\": 1}'); print('warning', file=sys.stderr)"
    assert ask("torch", command=[sys.executable, "-c", code]) == {"a": 1}


CPU_TORCH = {"version": "2.15.0+cpu", "cuda": None, "gpus": []}
NO_GPU = {"version": "2.15.0", "cuda": "13.2", "gpus": []}


@pytest.mark.parametrize(
    ("torch", "driver", "status", "said"),
    [
        (NO_GPU, Driver(), "ok", "none"),
        (NO_GPU, Driver(fault="NVIDIA-SMI has failed"), "warning", "NVIDIA-SMI has failed"),
        (NO_GPU, Driver(("H200, 470.1, 1 MiB",)), "problem", "torch cannot use it"),
        (CPU_TORCH, Driver(("H200, 470.1, 1 MiB",)), "problem", "is built for CPUs"),
        ({**NO_GPU, "gpus": ["H200"]}, Driver(("H200, 580.1, 1 MiB",)), "ok", "H200, CUDA 13.2; driver: H200, 580.1"),
    ],
)
def test_gpus_of_torch_and_of_the_driver(torch, driver, status, said):
    found = list(check_torch(lambda name: torch, lambda: driver))
    assert found[0].status == "ok" and found[1].status == status and said in found[1].text


def test_a_broken_torch_is_one_problem():
    def fail(name):
        raise Failure("OSError: libcudart.so.13: cannot open shared object file")

    one = only(check_torch(fail))
    assert one.status == "problem" and "libcudart" in one.text and "make setup" in one.remedy


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("echo 'A, 580.1, 9 MiB'; echo 'B, 580.1, 9 MiB'", Driver(("A, 580.1, 9 MiB", "B, 580.1, 9 MiB"))),
        ("echo 'NVIDIA-SMI has failed'; exit 9", Driver(fault="NVIDIA-SMI has failed")),
        ("exit 9", Driver(fault="exit 9")),
    ],
)
def test_what_nvidia_smi_says(tmp_path, monkeypatch, script, expected):
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(accelerator.shutil, "which", lambda name: str(program))
    assert read_driver() == expected
    monkeypatch.setattr(accelerator.shutil, "which", lambda name: None)
    assert read_driver() == Driver()


@pytest.mark.parametrize(("free", "status"), [(8 * GIB, "ok"), (2 * GIB, "warning"), (GIB // 2, "problem")])
def test_memory(free, status):
    assert only(check_memory(free)).status == status


def test_cores_name_a_limit():
    assert only(check_cores(2, 8)).text.startswith("2 of 8: a limit") and only(check_cores(8, 8)).text == "8"


def test_shared_memory_that_is_small_or_absent(tmp_path):
    assert statuses(check_shared_memory(tmp_path, 0)) == ["ok"]
    small, absent = only(check_shared_memory(tmp_path, 1e9)), only(check_shared_memory(tmp_path / "absent"))
    assert small.status == absent.status == "warning" and "--shm-size" in small.remedy
