"""Time and peak memory of each stage in its last run here, from the untracked log."""

import sys
from pathlib import Path

from tailwise.core.stage.run_log import last_runs


def main() -> None:
    log = Path(".logs/stages.csv")
    if not log.exists():
        sys.exit("times: nothing has run here yet: make repro")
    runs = last_runs(log)
    print("\nTime and memory of each stage when it last ran here")
    for run in runs:
        memory = "" if run.mb is None else f"{run.mb:10.0f} MB"
        print(f"  {run.stage:<22}{run.seconds:8.1f} s{memory}")
    print(f"  {'all':<22}{sum(run.seconds for run in runs):8.1f} s")


if __name__ == "__main__":
    main()
