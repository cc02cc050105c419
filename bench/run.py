"""Measure speed and memory on this machine: ``make bench``.

Printed as they come, and kept in reports/bench/bench.md. Name parts to measure these alone: then nothing is kept.
"""

import argparse
import importlib
import os
import platform
import sys
from importlib import metadata
from pathlib import Path

from measure import markdown

PARTS = [
    "start",
    "noop",
    "epoch",
    "freed",
    "augment",
    "heads",
    "sections",
    "logos",
    "backbone",
    "costs",
    "devices",
    "memory",
    "index",
    "intervals",
    "decode",
    "workers",
]
KEPT = Path("reports/bench/bench.md")


def machine() -> str:
    """What the figures depend on, and no name of the machine. (Workers read this file: it must not import torch.)"""
    versions = f"Python {platform.python_version()}, PyTorch {metadata.version('torch')}"
    return f"{os.cpu_count()} cores, {platform.machine()}, {versions}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all when none is named")
    asked = parser.parse_args().parts
    if unknown := set(asked) - set(PARTS):
        sys.exit(f"run: no bench is called {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    parts = [
        f"# Speed and memory\n\nMeasured by `make bench` on {machine()}. The variants of a table are interleaved.\n"
    ]
    print(parts[0], flush=True)
    for part in asked or PARTS:
        for table in importlib.import_module(part).tables():
            parts.append(markdown(table))
            print(parts[-1], flush=True)
    if not asked:
        KEPT.parent.mkdir(parents=True, exist_ok=True)
        KEPT.write_text("\n".join(parts), encoding="utf8")
        print(f"kept in {KEPT}")


if __name__ == "__main__":
    main()
