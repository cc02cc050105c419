"""Train one phase: train.py RECIPE PHASE --train FOLDER --valid FOLDER [--balance FOLDER] [--curriculum FILE]
[--init WEIGHTS] [--state FILE] [--keep-state] [--recalls FILE] [--teacher FOLDER]."""

import argparse
import os
from contextlib import ExitStack
from pathlib import Path

from tailwise.core.params.auto import with_chosen
from tailwise.core.params.config import read_params, section
from tailwise.core.params.runtime import Runtime
from tailwise.core.stage.requirements import loaded_requirements
from tailwise.core.system.interrupts import sigterm_as_sigint
from tailwise.engine.checkpoint.hand_over import state_file, write_hand_over
from tailwise.engine.checkpoint.recovery import recovery_for
from tailwise.engine.contract.phase import parameter_lines
from tailwise.engine.distributed.launch import launch, processes, report_failure, worker_guard
from tailwise.engine.distributed.world import join
from tailwise.engine.monitor.backend import keep_backend, log_difference
from tailwise.engine.train.loop import train_phase
from tailwise.engine.train.outputs import write_outputs
from tailwise.engine.train.setup import Inputs, make_run, read_setup
from tailwise.losses.head.boost import margin_warnings
from tailwise.recipes.recipe import load_recipe

HEADS = Path("data/index/heads.json")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    parser.add_argument("phase")
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--valid", type=Path, required=True)
    parser.add_argument("--balance", type=Path, help="samples and boosts of the phase; without: every sample, no boost")
    parser.add_argument("--curriculum", type=Path, help="samples by epoch; without rows: the same in every epoch")
    parser.add_argument("--init", type=Path)
    parser.add_argument("--state", type=Path, help="what a phase with hand_over: last left, to go on exactly there")
    parser.add_argument("--recalls", type=Path, help="best.json of an earlier phase, for augment_by_class.mastery")
    parser.add_argument("--teacher", type=Path, help="a teacher's answers to the training samples, for distil")
    parser.add_argument(
        "--keep-state",
        action="store_true",
        help="write data/models/PHASE-state.safetensors for --state of the next phase; empty with hand_over: best",
    )
    return parser.parse_args()


def main() -> None:
    args = arguments()
    params = with_chosen(read_params(), args.phase)
    runtime = section(params, "runtime", Runtime)
    if (count := processes(runtime)) > 1:
        launch(count)
    else:
        if "WORLD_SIZE" not in os.environ:  # else the launcher handles it: no process can finish a step alone
            sigterm_as_sigint()
        with worker_guard():
            train(args, params, runtime)


def train(args: argparse.Namespace, params: dict, runtime: Runtime) -> None:
    files = args.balance, args.init, args.state, args.curriculum, args.recalls, args.teacher
    inputs = Inputs(HEADS, args.train, args.valid, *files)
    setup = read_setup(load_recipe(args.recipe), args.phase, params, inputs, runtime)
    facts = [repr(args), *setup.facts, *(file.read_text("utf8") for file in loaded_requirements())]
    with join(setup.device) as world, report_failure(), ExitStack() as stack:
        recovery = world.alone(lambda: stack.enter_context(recovery_for(args.phase, facts, inputs.paths)))
        run = make_run(setup, args.phase, runtime, world, recovery)
        if recovery:  # only the first process writes files and prints
            log_difference(setup.device, run.events)
            for line in margin_warnings(setup.balance.tensors, {head.name: head.classes for head in setup.task.heads}):
                print(f"warning: {args.phase} {line}")
            print("\n".join(parameter_lines(setup.task.model, setup.phase.trainable)), flush=True)
        rebalanced = setup.balance.samples, setup.balance.tensors
        trained = train_phase(setup.task, setup.phase, *rebalanced, run, setup.handed, setup.answers)
        if recovery:
            write_outputs(args.phase, setup.task.metrics, setup.balance.boosts, trained, setup.asked, run)
            if args.keep_state:
                write_hand_over(state_file(args.phase), trained.last)
            keep_backend(setup.device)


if __name__ == "__main__":
    main()
