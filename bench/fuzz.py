"""Fuzz the decoder and count the outcomes: ``make fuzz``, or with more clips, ``--clips 5000``.

Every way to place key frames and to turn a picture, single damaged packets, and files broken anyhow.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "fuzz")]  # clips and mutations come from the tests

import sweep  # noqa: E402
from campaign import CRASHED, HANGS, Outcome, run  # noqa: E402
from damaged import KINDS, outcomes_of  # noqa: E402


def markdown(rows: list[list]) -> str:
    """The first row is the header; all but the first column are numbers."""
    lines = [rows[0], ["---", *("---:" for _ in rows[0][1:])], *rows[1:]]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def sweep_table(outcomes: list[sweep.Outcome]) -> str:
    """One row per key frame layout, with the number of windows."""
    rows = [["key frames", "clips", "windows", "by decord", "refused", "wrong", "wrong by decord on the whole clip"]]
    for gop in dict.fromkeys(outcome.case.name.split(",")[0] for outcome in outcomes):
        of_gop = [outcome for outcome in outcomes if outcome.case.name.split(",")[0] == gop]
        counts = [(each.windows, each.decord, len(each.refused), len(each.wrong), each.bare) for each in of_gop]
        rows.append([gop, len(of_gop), *map(sum, zip(*counts))])
    return markdown([*rows, ["all", *map(sum, list(zip(*rows[1:]))[1:])]])


def damage_table() -> str:
    rows = [["one packet of", "damaged", "cannot be decoded", "same frames", "other frames, no error"]]
    for name in KINDS:
        found = outcomes_of(name)
        rows.append([name, found["damaged"], found["cannot be decoded"], found["same"], found["other"]])
    return markdown(rows)


def table(outcome: Outcome) -> str:
    """Markdown table: one row per mutation, one column per outcome."""
    reasons = sorted({reason for _, counts in outcome.by_kind() for reason in counts} - {"decoded", CRASHED, HANGS})
    columns = ["decoded", *reasons, CRASHED, HANGS]
    head = ["mutation", "clips", *columns]
    rows = [[kind, counts.total(), *(counts[reason] for reason in columns)] for kind, counts in outcome.by_kind()]
    return markdown([head, *rows, ["all", *(sum(column) for column in list(zip(*rows))[1:])]])


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
        outcomes = [sweep.run(case, Path(folder)) for case in sweep.cases()]
    like = [each for each in outcomes if each.like_official]
    shares = f"{sum(each.decord for each in like)} of {sum(each.windows for each in like)} windows"
    print(f"{sweep_table(outcomes)}\n\nclips like the official ones: {shares} by decord\n\n{damage_table()}\n")
    misses = [f"{each.case.name}: {line}" for each in outcomes for line in (*each.wrong, *each.refused)]
    print("\n".join(misses) or "every window has its own frames, upright", end="\n\n")
    with tempfile.TemporaryDirectory() as folder:
        outcome = run(Path(folder), args.clips, args.seed, args.timeout)
    if outcome.status:
        sys.exit(f"fuzz: the stage ended with {outcome.status}: {outcome.said}")
    print(table(outcome))
    print(f"\n{verdict(outcome)}")
    print(f"{outcome.seconds:.0f} s a run, {time.monotonic() - started:.0f} s in all; at most {outcome.mb:.0f} MB")
    return int(bool(misses or outcome.lost or outcome.unaccounted or outcome.unsteady or "Traceback" in outcome.said))


if __name__ == "__main__":
    sys.exit(main())
