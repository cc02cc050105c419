"""Train a method's cells: each rate on its first seeds, then the rate that validation prefers on the rest.

Arguments: the method's name.
"""

import sys
from functools import partial
from pathlib import Path

from baselines.cells import choose_rate, run_cell
from baselines.setting import read_setting
from tailwise.core.files import write_json
from tailwise.core.params.config import read_params
from tailwise.core.system.processes import map_in_processes
from tailwise.engine.checkpoint.weights import write_tensors


def main() -> None:
    name, params = sys.argv[1], read_params()
    setting = read_setting(params, name)
    cells, found = setting.cells, {}

    def run(wanted: list[tuple[float, int]]) -> None:
        for cell, result in zip(wanted, map_in_processes(partial(run_cell, setting), wanted, cells.workers)):
            found[cell] = result
            told = f"{name} lr {cell[0]:g} seed {cell[1]}: mean macro recall {result['score']:.3f}"
            print(f"{told}, {result['steps']} steps, {result['seconds']:.0f} s", flush=True)

    run([(rate, seed) for rate in cells.rates for seed in range(1, cells.chosen_on + 1)])
    scores = {rate: [found[rate, seed]["score"] for seed in range(1, cells.chosen_on + 1)] for rate in cells.rates}
    rate = choose_rate(scores)
    run([(rate, seed) for seed in range(cells.chosen_on + 1, cells.seeds + 1)])
    chosen = {f"seed{seed}": found[rate, seed] for seed in range(1, cells.seeds + 1)}
    for seed, result in chosen.items():
        write_tensors(Path(f"data/{name}/{seed}.safetensors"), result["weights"], {"method": name})
    grid = {f"{of:g}": scores[of] for of in cells.rates}
    valid = {seed: result["valid"] for seed, result in chosen.items()}
    steps = chosen["seed1"]["steps"]
    write_json(Path(f"reports/{name}.json"), {"lr": rate, "grid": grid, "steps": steps, "valid": valid})


if __name__ == "__main__":
    main()
