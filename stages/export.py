"""Export a model: export.py RECIPE WEIGHTS SPLIT-FOLDER FORMAT FOLDER [--calibration FILE] [--lock FILE].

FORMAT: of export.formats, such as onnx, or onnx-int8 for a smaller one
SPLIT-FOLDER: prepared; every sample of it is answered by the weights and by the exported model, which must agree
--calibration: what `calibrate` fitted, for the card
--lock: dvc.lock, from which the card names the stage that wrote the weights, its training data and the certificate;
    DVC wrote these entries before this stage runs, and the stage depends on the files that they are of
The folder has no times and no paths of the machine: the same inputs give the same bytes.
"""

import argparse
from pathlib import Path

from tailwise.core.params.config import read_params, sections
from tailwise.engine.checkpoint.header import read_facts
from tailwise.engine.contract.run import start
from tailwise.engine.evaluate.inputs import ComputeConfig
from tailwise.evaluation.calibration.fitted import check_classes, read_calibration
from tailwise.export.graph.exportable import prepare
from tailwise.export.graph.parity import BATCH_SIZE, Split, example_of
from tailwise.export.write.export import Wanted, export
from tailwise.export.write.pages import summary
from tailwise.export.write.provenance import Origin, find_origin
from tailwise.recipes.exports import parts_of
from tailwise.recipes.loading import load_model
from tailwise.recipes.recipe import load_recipe
from tailwise.recipes.splits import read_split


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    for name in ("weights", "split"):
        parser.add_argument(name, type=Path)
    parser.add_argument("format")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--calibration", type=Path)
    parser.add_argument("--lock", type=Path)
    args, params = parser.parse_args(), read_params()

    recipe = load_recipe(args.recipe)
    config, by = sections(params, recipe.config()), sections(params, ComputeConfig)
    start(by.training, by.runtime)
    model, spec = load_model(args.weights, recipe)
    calibration = read_calibration(args.calibration) if args.calibration else {}
    if calibration:
        check_classes(args.calibration, calibration, spec.heads)
    example, split = (  # read twice: an iterator ends
        Split(args.split.name, read_split(recipe, config, spec.heads, args.split, BATCH_SIZE)) for _ in range(2)
    )
    origin = find_origin(args.weights, args.lock) if args.lock else Origin()
    wanted = Wanted(
        *parts_of(args.format), args.weights, args.recipe, read_facts(args.weights), origin, calibration=calibration
    )
    exported = prepare(model, recipe, spec, example_of(model, example))
    card, _ = export(exported, spec, wanted, args.folder, split)
    print(summary(card, args.folder))


if __name__ == "__main__":
    main()
