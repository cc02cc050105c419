"""How far the figures of the validation split could be off, what is mixed up, and the rare classes alone."""

from dataclasses import asdict
from pathlib import Path

from tailwise.core.config import read_params, section
from tailwise.core.files import read_json, write_json
from tailwise.judging.certificate import Targets
from tailwise.judging.judgement import judge
from tailwise.judging.outcomes import read_outcomes
from tailwise.judging.submission import submission


def main() -> None:
    target = section(read_params(), "certificate", Targets)
    heads, counts = read_json(Path("data/index/heads.json")), read_json(Path("reports/classes.json"))["train"]
    outcomes = {name: read_outcomes(Path(f"reports/evaluation/{name}.csv"), of) for name, of in heads.items()}
    judged = {name: judge(of_head, counts[name]) for name, of_head in outcomes.items()}
    write_json(Path("reports/judgement.json"), {"target": asdict(target), "heads": judged})
    write_json(Path("reports/predictions.json"), submission("valid", outcomes))
    for name, of_head in judged.items():
        rare = of_head["rare"]
        if rare["macro_recall"]["value"] is not None:
            print(f"{name}: rare classes {', '.join(rare['classes'])}: recall {spoken(rare['macro_recall'])}")


def spoken(interval: dict[str, float]) -> str:
    return "{value:.3f} ({low:.3f} to {high:.3f})".format(**interval)


if __name__ == "__main__":
    main()
