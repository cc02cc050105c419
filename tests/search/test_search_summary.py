"""The table of trials, best first, and the command that takes the best."""

import pytest

optuna = pytest.importorskip("optuna", reason="Optuna is not installed: pip install -r requirements-search.txt")

from tailwise.search.spec import Categorical, Float, Objective, Search  # noqa: E402
from tailwise.search.summary import importances, markdown, terminal, trial_rows  # noqa: E402

KEYS = {"a": Float("float", 0, 1), "b": Categorical("choice", ["<x>", "y|z"])}
SEARCH = Search("A <b>title</b>", Objective("score"), KEYS, 9)
SPACE = {
    "a": optuna.distributions.FloatDistribution(0, 1),
    "b": optuna.distributions.CategoricalDistribution(["<x>", "y|z"]),
}


def study(*found: tuple) -> optuna.Study:
    """found: (state, figure, attributes) of each trial"""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    made = optuna.create_study(direction="maximize")
    for number, (state, value, attributes) in enumerate(found):
        trial = optuna.trial.create_trial(
            state=optuna.trial.TrialState[state],
            value=value,
            params={"a": number / len(found), "b": "<x>" if number % 2 else "y|z"},
            distributions=SPACE,
            user_attrs={"experiment": f"t-trial-{number:03d}", "owner": "me", "host": "h", **attributes},
        )
        made.add_trial(trial)
    return made


MIXED = (
    ("COMPLETE", 0.5, {"seconds": 61.2}),
    ("PRUNED", None, {"pruned_at": 3}),
    ("COMPLETE", 0.75, {}),
    ("FAIL", None, {"reason": "no memory"}),
    ("PRUNED", None, {"pruned_at": 9}),
    ("COMPLETE", 0.75, {"owner": "other"}),
)


def test_the_best_trial_comes_first_and_each_has_its_state():
    rows = trial_rows(study(*MIXED), SEARCH)
    assert rows[0] == ["trial", "score", "a", "b", "state", "time, s"]
    assert [row[0] for row in rows[1:]] == ["2", "5", "0", "4", "1", "3"]
    assert rows[3] == ["0", "0.5000", "0", "y|z", "done", "61"]
    assert [row[4] for row in rows[4:]] == ["pruned in epoch 9", "pruned in epoch 3", "failed: no memory"]


def test_one_line_takes_the_best():
    assert terminal(study(*MIXED), SEARCH, "me").splitlines()[-1] == "dvc exp apply t-trial-002"
    assert "dvc exp apply t-trial-005    # on h, or after `dvc exp push` there" in terminal(
        study(MIXED[5]) if 0 else study(*MIXED[:2], MIXED[3], MIXED[3], MIXED[3], MIXED[5]), SEARCH, "me"
    )
    assert "dvc exp apply" not in terminal(study(MIXED[1]), SEARCH, "me")


def test_importances_are_told_of_many_trials():
    few, many = ([("COMPLETE", number / count, {}) for number in range(count)] for count in (4, 20))
    assert importances(study(*few)) == {} == importances(study(*[("COMPLETE", 1.0, {})] * 20))
    found = importances(study(*many))
    assert set(found) == {"a", "b"} and found["a"] > found["b"]


def test_markdown_has_nothing_that_html_or_a_table_would_read():
    text = markdown(study(*MIXED), SEARCH, "me")
    assert text.startswith("# A &lt;b>title&lt;/b>\n\n| trial |") and "<" not in text and "y\\|z" in text
