"""DVC in a process that dies with its parent: ``python -m tailwise.compare.sweeps.child PARENT ARGUMENT...``.

The stages of this project die with DVC, so that a killed sweep leaves nothing running.
"""

import sys

from tailwise.core.system.parent import die_with_parent


def main() -> int:
    die_with_parent(int(sys.argv[1]))
    from dvc.cli import main as dvc

    return dvc(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
