"""From which confidence on the rules answer and not the model, chosen on validation: route.py RULES ANSWERS FILE SHOWN.

SHOWN: what the report shows of it
"""

import sys
from pathlib import Path

from tailwise.core.files import read_json, write_json
from tailwise.core.heads import Head
from tailwise.metrics.predictions import read_predictions
from tailwise.recipes.logos.hybrid import choose_threshold, compared, recalls, routing_curve


def main() -> None:
    rules, answers, file, shown = map(Path, sys.argv[1:5])
    ((name, classes),) = read_json(Path("data/index/heads.json")).items()
    head = Head(name, tuple(classes))
    by_rules, by_model = (read_predictions(path, head) for path in (rules / "valid.csv", answers / f"{name}.csv"))
    threshold = choose_threshold(by_rules, by_model)
    write_json(file, {"threshold": round(threshold, 6)})
    found = compared(by_rules, by_model, threshold)
    facts = {**vars(found), "threshold": threshold, "classes": recalls(by_rules, by_model, threshold)}
    write_json(shown, {**facts, "curve": routing_curve(by_rules, by_model)})
    print(f"the rules answer {found.coverage:.0%} of validation, with a confidence of {threshold:.2f} or more")


if __name__ == "__main__":
    main()
