"""Broken clips by the thousand through decoding, and what became of them: ``make fuzz``, or with ``--clips 5000``."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "fuzz")]  # the clips and what breaks them are the tests'

from campaign import CRASHED, HANGS, Outcome, run  # noqa: E402


def table(outcome: Outcome) -> str:
    """Rows of mutations, columns of what became of their clips, as Markdown."""
    fates = sorted({fate for _, counts in outcome.by_kind() for fate in counts} - {"decoded", CRASHED, HANGS})
    columns = ["decoded", *fates, CRASHED, HANGS]
    head = ["mutation", "clips", *columns]
    rows = [[kind, counts.total(), *(counts[fate] for fate in columns)] for kind, counts in outcome.by_kind()]
    rows.append(["all", *(sum(column) for column in list(zip(*rows))[1:])])
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def verdict(outcome: Outcome) -> str:
    names = {"lost good clips": outcome.lost, "without a reason": outcome.unaccounted, "unsteady": outcome.unsteady}
    found = "; ".join(f"{what}: {len(clips)} {' '.join(clips[:5])}".rstrip() for what, clips in names.items())
    return f"{found}; tracebacks: {outcome.said.count('Traceback')}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--timeout", type=float, default=10, help="seconds a clip may take")
    args = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        outcome = run(Path(folder), args.clips, args.seed, args.timeout)
    if outcome.status:
        sys.exit(f"fuzz: the stage ended with {outcome.status}: {outcome.said}")
    print(table(outcome))
    print(f"\n{verdict(outcome)}")
    print(f"{outcome.seconds:.0f} s a run, {time.monotonic() - started:.0f} s in all; at most {outcome.mb:.0f} MB")
    return int(bool(outcome.lost or outcome.unaccounted or outcome.unsteady or "Traceback" in outcome.said))


if __name__ == "__main__":
    sys.exit(main())
