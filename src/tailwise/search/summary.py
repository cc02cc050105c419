"""The trials of a study as text: best first, with the importance of each key, and how to apply the best one."""

# pyright: reportMissingImports=false

from collections.abc import Callable, Iterator, Sequence

from optuna import Study
from optuna.importance import get_param_importances
from optuna.trial import FrozenTrial, TrialState

from tailwise.compare.text import aligned, markdown_table
from tailwise.search.claims import HOST, OWNER, REPEATS, real_trials
from tailwise.search.follow import PRUNED, SECONDS
from tailwise.search.spec import Search
from tailwise.search.trials import NAME, REASON, value_text

LEAST = 10
"""Finished trials of which importances are told."""
ORDER = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING, TrialState.FAIL)
HOW = """\
Validation figures of one seed each: the best of many is better than it would be again. Compare it with the default over
several seeds before you believe it: docs/search.md."""


def terminal(study: Study, search: Search, owner: str) -> str:
    """For a terminal, in aligned columns. owner: the clone in which it is shown"""
    return "\n\n".join(_parts(study, search, owner, aligned, lambda title: title))


def markdown(study: Study, search: Search, owner: str) -> str:
    """The same as Markdown, with what would be its own or HTML's escaped in the tables."""
    parts = _parts(study, search, owner, markdown_table, lambda title: f"## {title}")
    return f"# {markdown_title(search.title)}\n\n" + "\n\n".join(parts) + "\n"


def markdown_title(text: str) -> str:
    return " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")


def _parts(
    study: Study,
    search: Search,
    owner: str,
    table: Callable[[Sequence[Sequence[str]]], str],
    heading: Callable[[str], str],
) -> Iterator[str]:
    yield table(trial_rows(study, search))
    if found := importances(study):
        yield heading("Importance of each key, by Optuna's PED-ANOVA")
        yield table([["", "importance"], *([key, f"{value:.2f}"] for key, value in found.items())])
    if best := best_trial(study):
        yield HOW
        yield apply_line(best, owner)


def trial_rows(study: Study, search: Search) -> list[list[str]]:
    """The header, and a row for each trial, best first."""
    header = ["trial", search.objective.metric, *search.keys, "state", "time, s"]
    return [header, *(_row(trial, search) for trial in in_order(study))]


def in_order(study: Study) -> list[FrozenTrial]:
    """Finished ones by their figure, best first and the earlier one of two equal ones; then the others by state."""
    sign = -1.0 if study.direction.name == "MAXIMIZE" else 1.0
    return sorted(real_trials(study), key=lambda each: (ORDER.index(each.state), *_merit(each, sign), each.number))


def best_trial(study: Study) -> FrozenTrial | None:
    """None without a finished trial."""
    done = [trial for trial in in_order(study) if trial.state == TrialState.COMPLETE]
    return done[0] if done else None


def importances(study: Study) -> dict[str, float]:
    """{key: share of what decides the figure}; empty with few trials, or if nothing differs."""
    done = [trial for trial in real_trials(study) if trial.state == TrialState.COMPLETE]
    if len(done) < LEAST or len({trial.value for trial in done}) < 2:
        return {}
    return get_param_importances(study)


def apply_line(best: FrozenTrial, owner: str) -> str:
    """The command that takes a trial's params and outputs; where its experiment is if it is in another clone."""
    attributes = best.user_attrs
    line = f"dvc exp apply {attributes[NAME]}"
    if attributes.get(OWNER) == owner:
        return line
    return f"{line}    # on {attributes.get(HOST)}, or after `dvc exp push` there and `dvc exp pull` here"


def _merit(trial: FrozenTrial, sign: float) -> tuple[float, float]:
    """Smaller is better: the figure of a finished trial; of a pruned one how late it was ended."""
    value = sign * trial.value if trial.state == TrialState.COMPLETE and trial.value is not None else 0.0
    return value, -float(trial.user_attrs.get(PRUNED, 0))


def _row(trial: FrozenTrial, search: Search) -> list[str]:
    figure = f"{trial.value:.4f}" if trial.state == TrialState.COMPLETE else ""
    values = [value_text(trial.params.get(key, "")) for key in search.keys]
    seconds = trial.user_attrs.get(SECONDS)
    return [str(trial.number), figure, *values, _state(trial), "" if seconds is None else f"{seconds:.0f}"]


def _state(trial: FrozenTrial) -> str:
    """In words, with the reason."""
    if trial.state == TrialState.PRUNED:
        return f"pruned in epoch {trial.user_attrs.get(PRUNED)}"
    if trial.state == TrialState.FAIL:
        return f"failed: {trial.user_attrs.get(REASON)}"
    word = {TrialState.COMPLETE: "done", TrialState.RUNNING: "not finished"}[trial.state]
    again = trial.user_attrs.get(REPEATS)
    return word if again is None else f"{word}, repeats {again}"
