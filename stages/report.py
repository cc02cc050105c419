"""Write the HTML report. Arguments: the names of the phases in order."""

import sys
from pathlib import Path

from tailwise.core.files import write_text
from tailwise.reporting.collect import collect
from tailwise.reporting.page import page


def main() -> None:
    write_text(Path("reports/report.html"), page(collect(sys.argv[1:])))


if __name__ == "__main__":
    main()
