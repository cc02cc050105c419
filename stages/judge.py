"""How far the figures of the validation split could be off, what is mixed up, and the rare classes alone."""

from dataclasses import asdict
from pathlib import Path

from tailwise.core.files import read_csv, read_json, write_json
from tailwise.core.params.config import read_params, section
from tailwise.evaluation.certificate import FEW, Targets
from tailwise.evaluation.figures import judge, limits_of, lines
from tailwise.evaluation.predictions import Outcomes, read_outcomes
from tailwise.recipes.fouls.soccernet.evaluator import READER, official, summary_lines
from tailwise.recipes.fouls.soccernet.submission import Counts, submission

UNITS = {"balanced_accuracy": "%"}
"""Of the pipeline's own scores."""


def main() -> None:
    params = read_params()
    target, reader = section(params, "certificate", Targets), section(params, "data.reader.kind", str)
    heads, counts = read_json(Path("data/index/heads.json")), read_json(Path("reports/classes.json"))["train"]
    outcomes = {name: read_outcomes(Path(f"reports/evaluation/{name}.csv"), of) for name, of in heads.items()}
    judged = {name: judge(of_head, counts[name]) for name, of_head in outcomes.items()}
    file, found = by_evaluator(reader, outcomes, counts)
    made = {"target": asdict(target), "few": FEW, "limits": limits_of(outcomes, judged), "heads": judged, **found}
    made |= {"units": UNITS, "lines": list(summary_lines(found["official"])) if found else []}
    write_json(Path("reports/judgement.json"), made)
    write_json(Path("reports/predictions.json"), file)
    for line in lines(made):
        print(line)


def by_evaluator(reader: str, outcomes: dict[str, Outcomes], counts: Counts) -> tuple[dict, dict]:
    """The prediction file; and what SoccerNet's evaluator says of it, of its own data alone."""
    if reader != READER:
        return submission("valid", outcomes), {}
    file, found = official("valid", outcomes, read_csv(Path("data/index/valid.csv")), counts)
    return file, {"official": found}


if __name__ == "__main__":
    main()
