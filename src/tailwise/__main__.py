"""``python -m tailwise COMMAND``, see cli/main.py."""

import sys

from tailwise.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
