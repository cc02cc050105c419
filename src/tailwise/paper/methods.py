"""The methods section, from the parameters that a run used."""

from collections.abc import Iterator, Mapping
from typing import Any

from tailwise.core.params.typed import is_section
from tailwise.paper.document import Block, Heading, Paragraph, Table

BOOSTS = {"inverse": "the inverse of its frequency", "effective": "the inverse of its effective number of samples"}
PLACES = {
    "margin": "is a margin in its logits (logit adjustment)",
    "weight": "weighs its loss",
    "sampling": "is how much more often it is drawn",
}
SAMPLES = {"all": "all training samples", "class_balanced": "class-balanced draws"}


def methods(params: Mapping[str, Any]) -> list[Block]:
    """params: of reports/config.yaml"""
    phases = {name: of for name, of in params.items() if is_section(of) and is_section(of.get("train"))}
    found: list[Block] = [Heading("Methods")]
    found += [Paragraph(" ".join(phase_sentences(name, of))) for name, of in phases.items()]
    training = params.get("training", {})
    if is_section(training):
        found.append(Paragraph(training_sentence(training)))
    rows = [list(row) for section in ("model", "window", "augment") for row in leaves(params.get(section), section)]
    return [*found, Table("Model and input.", ["parameter", "value"], rows)] if rows else found


def phase_sentences(name: str, phase: Mapping[str, Any]) -> Iterator[str]:
    """How a phase trains, and how it treats rare classes."""
    train, samples = phase["train"], phase.get("samples") or {}
    optimizer, schedule = train.get("optimizer") or {}, train.get("schedule") or {}
    what = SAMPLES.get(samples.get("kind", "all"), f"{samples.get('kind')} samples")
    words = f"{name.capitalize().replace('Phase', 'Phase ')} trains for {train['epochs']} epochs on {what}"
    if optimizer:
        settings = ", ".join(f"{key} {value}" for key, value in optimizer.items() if key != "kind")
        words += f" with {optimizer['kind']} ({settings})" if settings else f" with {optimizer['kind']}"
    yield words + "."
    if schedule:
        settings = ", ".join(f"{key} {value}" for key, value in schedule.items() if key != "kind")
        yield f"The learning rate is {train.get('lr')}, its schedule {schedule.get('kind')} ({settings})."
    boost, loss = phase.get("boost") or {}, train.get("loss") or {}
    if boost and phase.get("max_weight", 1) > 1:
        of = BOOSTS.get(boost.get("kind", ""), f"{boost.get('kind')}")
        place = PLACES.get(phase.get("apply_as", ""), f"acts as {phase.get('apply_as')}")
        yield f"A class's boost, {of} to the power {boost.get('tau', 1)}, at most {phase['max_weight']}, {place}."
    if loss:
        settings = ", ".join(f"{key} {value}" for key, value in loss.items() if key != "kind")
        yield f"The loss is {loss.get('kind')}{f' ({settings})' if settings else ''}."


def training_sentence(training: Mapping[str, Any]) -> str:
    size, times = training.get("batch_size"), training.get("accumulate", 1)
    batch = f"batches of {size}" if times == 1 else f"batches of {size}, accumulated {times} times"
    return f"All phases use {batch}, in {training.get('precision', 'float32')}, with the seed {training.get('seed')}."


def leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """(dotted name, value) of everything below a section; nothing of an absent one."""
    if is_section(value):
        for key, below in value.items():
            yield from leaves(below, f"{path}.{key}")
    elif value is not None:
        yield path, str(value)
