"""Checks of torch, CUDA and the driver."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tailwise.cli.doctor.child import Failure, ask
from tailwise.cli.doctor.finding import Finding
from tailwise.cli.doctor.installed import SETUP

QUERY = ["--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]


@dataclass(frozen=True)
class Driver:
    """What nvidia-smi says. gpus: a line for each GPU; fault: why it failed, or empty; both empty without a driver"""

    gpus: tuple[str, ...] = ()
    fault: str = ""


def read_driver(timeout_s: float = 30.0) -> Driver:
    """Ask nvidia-smi; an empty answer where it is not installed."""
    if (program := shutil.which("nvidia-smi")) is None:
        return Driver()
    try:
        done = subprocess.run([program, *QUERY], capture_output=True, text=True, errors="replace", timeout=timeout_s)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Driver(fault=str(error))
    lines = tuple(line.strip() for line in done.stdout.splitlines() if line.strip())
    return Driver(lines) if done.returncode == 0 else Driver(fault=(lines or (f"exit {done.returncode}",))[0])


def check_torch(
    probe: Callable[..., dict[str, Any]] = ask, driver: Callable[[], Driver] = read_driver
) -> Iterator[Finding]:
    """Whether torch can be imported, and whether it computes on the GPUs that the driver has."""
    try:
        found = probe("torch")
    except Failure as error:
        yield Finding("torch", "problem", f"cannot be used: {error}", SETUP)
        return
    yield Finding("torch", "ok", found["version"])
    yield from gpus(found, driver())


def gpus(torch: dict[str, Any], driver: Driver) -> Iterator[Finding]:
    """torch: of `probe.torch`"""
    if torch["gpus"]:
        of_driver = f"; driver: {'; '.join(driver.gpus)}" if driver.gpus else ""
        yield Finding("gpu", "ok", f"{', '.join(torch['gpus'])}, CUDA {torch['cuda']}{of_driver}")
    elif driver.fault:
        yield Finding("gpu", "warning", f"nvidia-smi fails: {driver.fault}", "reinstall the NVIDIA driver, or restart")
    elif driver.gpus and torch["cuda"] is None:
        remedy = "install a torch that is built for CUDA: its default package on Linux is"
        yield Finding("gpu", "problem", f"{driver.gpus[0]}, but torch {torch['version']} is built for CPUs", remedy)
    elif driver.gpus:
        remedy = f"install a driver for CUDA {torch['cuda']}; also see CUDA_VISIBLE_DEVICES"
        yield Finding("gpu", "problem", f"{driver.gpus[0]}, but torch cannot use it", remedy)
    else:
        yield Finding("gpu", "ok", "none; training and prediction use the CPU")
