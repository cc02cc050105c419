"""How long each stage took when it last ran here, from the untracked log."""

import sys
from pathlib import Path


def main() -> None:
    log = Path(".logs/stages.csv")
    if not log.exists():
        sys.exit("times: nothing has run here yet: make repro")
    last = dict(line.split(",") for line in log.read_text().splitlines())
    print("\nTime of each stage when it last ran here")
    for stage, seconds in last.items():
        print(f"  {stage:<22}{float(seconds):8.1f} s")
    print(f"  {'all':<22}{sum(map(float, last.values())):8.1f} s")


if __name__ == "__main__":
    main()
