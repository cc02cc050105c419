"""A map of the embeddings of a split's labels: map_embeddings.py RECIPE WEIGHTS SPLIT-FOLDER ANSWERS.

ANSWERS: the folder that `evaluate` wrote of the same split
"""

import argparse
from pathlib import Path
from typing import Any

from tailwise.core.files import write_json
from tailwise.core.params.config import read_params, section, sections
from tailwise.engine.evaluate.embeddings import embeddings
from tailwise.engine.evaluate.inputs import ComputeConfig, trained_task
from tailwise.engine.monitor.backend import keep_backend
from tailwise.evaluation.embedding.options import EmbeddingMap
from tailwise.evaluation.embedding.places import embedding_map
from tailwise.metrics.predictions import read_predictions
from tailwise.recipes.explainer import embedding_layers, load_explainer
from tailwise.recipes.recipe import load_recipe


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    for name in ("weights", "split", "answers"):
        parser.add_argument(name, type=Path)
    args, params = parser.parse_args(), read_params()

    recipe, explainer = load_recipe(args.recipe), load_explainer(args.recipe)
    options = section(params, "map", EmbeddingMap)
    config, by = sections(params, recipe.config()), sections(params, ComputeConfig)
    task, run = trained_task(recipe, config, by, args.weights, args.split)
    embedded, maps = embeddings(task, run, embedding_layers(explainer, recipe, task)), dict[str, Any]()
    for head in task.heads:
        found = read_predictions(args.answers / f"{head.name}.csv", head)
        rows = embedded[head.name].at(found.samples, found.positions)
        made = embedding_map(found, rows, options)
        facets = explainer.facets(args.split, made["samples"])
        pictures = recipe.thumbnails(args.split, task.heads, made["samples"])
        maps[head.name] = {**made, "pictures": pictures, **({"facets": dict(facets)} if facets else {})}
        print(f"{head.name}: {len(made['samples'])} of {len(found)} labels on the map")
    write_json(Path("reports/map.json"), maps)
    keep_backend(run.device)


if __name__ == "__main__":
    main()
