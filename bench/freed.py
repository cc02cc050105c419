"""Epochs of training where freed memory is kept, as stages do, against glibc's own choice; each in its own process."""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import torch

from epoch import engine_epoch
from measure import Figure, Table, ratio, seconds
from setting import model_of, setting_of
from tailwise.core.params.config import read_params
from tailwise.core.system.memory import keep_freed_memory

EPOCHS = 3
KEPT, RETURNED = "kept", "glibc's choice"


def epochs() -> float:
    """Seconds of some epochs after one that warms up."""
    params = read_params(Path("params.yaml"))
    setting, model = setting_of(params), model_of(params)
    torch.set_num_threads(setting.training.threads)
    engine_epoch(model, setting)
    started = time.perf_counter()
    for _ in range(EPOCHS):
        engine_epoch(model, setting)
    return time.perf_counter() - started


def measured(name: str) -> tuple[float, float]:
    """(seconds, MB of resident memory at the peak) in a process of its own."""
    process = subprocess.Popen([sys.executable, __file__, name], stdout=subprocess.PIPE, text=True)
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"freed: {name} failed")
    return float(printed), usage.ru_maxrss / 1024


def tables(repeats: int = 5) -> list[Table]:
    found = {KEPT: [], RETURNED: []}
    for _ in range(repeats):
        for name, rounds in found.items():
            rounds.append(measured(name))
    times = {name: [spent for spent, _ in rounds] for name, rounds in found.items()}
    memory = {f"peak memory, {name}": [peak for _, peak in rounds] for name, rounds in found.items()}
    rows = [*seconds(times), *(Figure(name, values, "MB") for name, values in memory.items())]
    return [Table(f"Freed memory in {EPOCHS} epochs", [*rows, ratio(times, KEPT, RETURNED, most=1.0)])]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=[KEPT, RETURNED])
    if parser.parse_args().name == KEPT:
        keep_freed_memory()
    print(epochs())
