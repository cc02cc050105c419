"""Save the parameters of this run as they were read, defaults included. Arguments: the recipe's module."""

import sys
from pathlib import Path

from tailwise.core.effective import read_effective
from tailwise.core.files import write_text


def main() -> None:
    write_text(Path("reports/config.yaml"), read_effective(sys.argv[1]))


if __name__ == "__main__":
    main()
