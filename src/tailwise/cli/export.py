"""Export a trained model to a folder that runs without its training code: ``tailwise export``."""

import argparse
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tailwise.core.errors import UserError, shorten
from tailwise.recipes.exports import INSTALL, PACKAGES, absent

if TYPE_CHECKING:
    from tailwise.core.heads import Head
    from tailwise.export.graph.exportable import Exported
    from tailwise.export.graph.families import Arrays
    from tailwise.export.graph.parity import Split
    from tailwise.export.write.export import Wanted
    from tailwise.recipes.recipe import Recipe

TO = (*PACKAGES, "tensorrt")
PRECISIONS = ("fp32", "fp16", "int8")


def add_export(one: argparse.ArgumentParser) -> None:
    """Arguments of `export`."""
    one.add_argument("--weights", type=Path, required=True, metavar="FILE", help="of a trained model")
    one.add_argument("--to", required=True, choices=TO, help="tensorrt: ONNX, from which trtexec builds an engine")
    one.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="new, or of an earlier export")
    one.add_argument("--recipe", metavar="MODULE", help="package of a recipe that is no part of tailwise, as tagger")
    one.add_argument("--example", type=Path, nargs="+", default=(), metavar="PATH", help="one sample; default: made up")
    one.add_argument("--check", type=Path, metavar="SPLIT", help="prepared split whose every sample both models answer")
    one.add_argument("--precision", choices=PRECISIONS, default="fp32", help="of ONNX; default: %(default)s")
    one.add_argument("--calibration", type=Path, metavar="FILE", help="of the stage calibrate, for its probabilities")
    one.add_argument("--lock", type=Path, metavar="FILE", help="dvc.lock of its run; default: above the weights")
    one.add_argument("--licence", metavar="TEXT", help="what the card says of the use of the weights")
    one.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """args: of `add_export`. Raises UserError, before the slow imports where it can."""
    check_arguments(args)
    from tailwise.cli.predict.command import find_recipe
    from tailwise.evaluation.calibration.fitted import read_calibration

    recipe = find_recipe(args.weights, args.recipe)
    calibration = read_calibration(args.calibration) if args.calibration else {}
    exported, spec = load(args, recipe)
    write(args, exported, spec, calibration)


def check_arguments(args: argparse.Namespace) -> None:
    """Raise UserError for packages or programs that are absent, and for options that do not fit each other."""
    for name in absent("onnx" if args.to == "tensorrt" else args.to):
        raise UserError(f"--to {args.to} needs the package {name}, which is absent: {INSTALL}")
    if args.to == "tensorrt" and shutil.which("trtexec") is None:
        how = "use --to onnx, and build the engine on a GPU machine with the command of its INTEGRATION.md"
        raise UserError(f"--to tensorrt needs TensorRT's trtexec, which is not on the PATH: {how}")
    if args.precision != "fp32" and args.to not in ("onnx", "tensorrt"):
        raise UserError(f"--precision {args.precision} is of --to onnx, found --to {args.to}")


def load(args: argparse.Namespace, recipe: "Recipe") -> tuple["Exported", Any]:
    """The model on the CPU with its example, and its parsed specification."""
    from tailwise.export.graph.exportable import prepare
    from tailwise.export.graph.parity import example_of
    from tailwise.recipes.loading import load_model

    model, spec = load_model(args.weights, recipe)
    example = read_example(recipe, spec, args.example)
    if args.check:
        use_threads()
        example = example or example_of(model, checked_split(args.check, recipe, spec.heads))
    return prepare(model, recipe, spec, example), spec


def use_threads() -> None:
    """As many as the stage `export` uses: figures are the same to the bit with the same number."""
    import torch

    from tailwise.core.params.config import section
    from tailwise.engine.contract.run import Training, check_threads

    threads = section(params_of_check(), "training", Training).threads
    check_threads(threads)
    torch.set_num_threads(threads)


def params_of_check() -> dict[str, Any]:
    """params.yaml of this folder; UserError without it."""
    from tailwise.core.params.config import read_params

    if not Path("params.yaml").is_file():
        raise UserError("--check reads params.yaml of the pipeline: run the command in its folder")
    return read_params()


def read_example(recipe: "Recipe", spec: Any, paths: Sequence[Path]) -> "Arrays | None":
    """The inputs of the first sample of these paths; None without paths. UserError if it cannot be used."""
    if not paths:
        return None
    given = argparse.Namespace(paths=list(paths), table=None, root=None, folder=None, format=None)
    inputs = recipe.fit_inputs(recipe.find_inputs(given), spec, None)
    for sample in recipe.read_samples(inputs, spec, 1):
        return sample.inputs
    raise UserError(f"{paths[0]}: no {recipe.sample_name} of it can be used: give --example another one")


def write(args: argparse.Namespace, exported: "Exported", spec: Any, calibration: dict[str, Any]) -> None:
    """Write the folder, and print what it has."""
    from tailwise.evaluation.calibration.fitted import check_classes
    from tailwise.export.write.export import check_folder, export, measure
    from tailwise.export.write.pages import summary

    if calibration:
        check_classes(args.calibration, calibration, spec.heads)
    check_folder(args.out)
    split = checked_split(args.check, exported.recipe, spec.heads) if args.check else None
    card, built = export(exported, spec, wanted(args, exported.recipe, calibration), args.out, split)
    print(summary(card, args.out))
    if built.content != built.plain:
        before, after = measure(exported, built)
        print(f"in fp32: {len(built.plain):,} bytes; one sample on one thread took {before:.2f} ms, now {after:.2f} ms")
    if args.to == "tensorrt":
        build_engine(card, args.out)


def checked_split(folder: Path, recipe: "Recipe", heads: "tuple[Head, ...]") -> "Split":
    """A prepared split, read as the params.yaml of this folder has it. UserError without the one or the other."""
    from tailwise.core.params.config import sections
    from tailwise.export.graph.parity import BATCH_SIZE, Split
    from tailwise.recipes.splits import read_split

    params = params_of_check()
    if not (folder / "manifest.csv").is_file():
        raise UserError(f"--check {folder}: no prepared split: give a folder with manifest.csv, as data/prepared/valid")
    config = sections(params, recipe.config())
    return Split(folder.name, read_split(recipe, config, heads, folder, BATCH_SIZE))


def wanted(args: argparse.Namespace, recipe: "Recipe", calibration: dict[str, Any]) -> "Wanted":
    """What the arguments say of the folder."""
    from tailwise.engine.checkpoint.header import read_facts
    from tailwise.export.write.card import LICENCE
    from tailwise.export.write.export import Wanted
    from tailwise.export.write.provenance import find_origin

    form = "onnx" if args.to == "tensorrt" else args.to
    package = args.recipe or f"tailwise.recipes.{recipe.name}"
    told = read_facts(args.weights), find_origin(args.weights, args.lock), calibration, args.licence or LICENCE
    return Wanted(form, args.precision, args.weights, package, *told)


def build_engine(card: dict[str, Any], folder: Path) -> None:
    """Run trtexec in the folder; UserError if it fails."""
    from tailwise.export.write.pages import trtexec

    done = subprocess.run(trtexec(card), cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stdout + done.stderr).strip().splitlines()[-1:]
        raise UserError(f"trtexec failed with status {done.returncode}: {shorten(' '.join(last))}")
