"""Film the demo: a small world in SoccerNet-MVFoul's layout. Arguments: the folder to fill."""

import sys
from pathlib import Path

from tailwise.core.params.config import read_params, section
from tailwise.core.params.runtime import Runtime
from tailwise.core.system.cores import decode_workers
from tailwise.recipes.fouls.demo import Demo, make_demo


def main() -> None:
    params = read_params()
    workers = decode_workers(section(params, "runtime", Runtime).decoders)
    make_demo(section(params, "demo", Demo), Path(sys.argv[1]), workers)


if __name__ == "__main__":
    main()
