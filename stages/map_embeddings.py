"""A map of the embeddings of a split's labels: map_embeddings.py RECIPE WEIGHTS SPLIT-FOLDER ANSWERS.

ANSWERS: the folder that `evaluate` wrote of the same split
"""

import argparse
from pathlib import Path
from typing import Any

from tailwise.core.errors import UserError
from tailwise.core.files import write_json
from tailwise.core.params.config import read_params, section, sections
from tailwise.engine.evaluate.embeddings import embeddings
from tailwise.engine.evaluate.inputs import ComputeConfig, trained_task
from tailwise.engine.monitor.backend import keep_backend
from tailwise.evaluation.embedding.options import EmbeddingMap
from tailwise.evaluation.embedding.tsne import embedding_map
from tailwise.metrics.predictions import read_predictions
from tailwise.recipes.recipe import load_recipe


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    for name in ("weights", "split", "answers"):
        parser.add_argument(name, type=Path)
    args, params = parser.parse_args(), read_params()

    recipe, options = load_recipe(args.recipe), section(params, "map", EmbeddingMap)
    config, by = sections(params, recipe.config()), sections(params, ComputeConfig)
    task, run = trained_task(recipe, config, by, args.weights, args.split)
    layers = {head.name: recipe.last_layers(task.model, head.name) for head in task.heads}
    if without := [head for head, found in layers.items() if not found]:
        raise UserError(f"recipe {recipe.name} names no last layers of {without[0]}: it has no map of embeddings")
    embedded, maps = embeddings(task, run, layers), dict[str, Any]()
    for head in task.heads:
        found = read_predictions(args.answers / f"{head.name}.csv", head)
        rows = embedded[head.name].at(found.samples, found.positions)
        made = embedding_map(found, rows, options)
        maps[head.name] = {**made, "pictures": recipe.thumbnails(args.split, task.heads, made["samples"])}
        print(f"{head.name}: {len(made['samples'])} of {len(found)} labels on the map")
    write_json(Path("reports/map.json"), maps)
    keep_backend(run.device)


if __name__ == "__main__":
    main()
