"""The methods section, from the parameters that a run used."""

from collections.abc import Iterator, Mapping
from typing import Any

from tailwise.core.params.typed import is_section
from tailwise.paper.document import Block, Heading, Paragraph, Table

BOOSTS = {
    "inverse": "the inverse of its frequency",
    "sqrt": "the inverse of the square root of its frequency",
    "effective": "the inverse of its effective number of samples",
}
PLACES = {"margin": "is a margin in its logits (logit adjustment)", "weight": "weighs its loss"}
SAMPLES = {
    "all": "all training samples",
    "natural": "all training samples",
    "balanced": "a balanced subset",
    "oversampled": "samples of which rare ones are repeated",
    "class_balanced": "class-balanced draws",
    "square_root": "draws balanced by the square root of frequency",
    "progressively_balanced": "draws that become balanced",
}
MORE = ("trainable", "rates", "mix", "early_stopping", "average", "augment_by_class", "loss_weights")
"""Of a phase's training: what is told as it is where it is not the default."""
USUAL: tuple[Any, ...] = (None, [], {}, ["*"], 0)


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
        settings = ", ".join(f"{key} {value}" for key, value in boost.items() if key != "kind")
        of = f"{BOOSTS[boost['kind']]}{f' ({settings})' if settings else ''}"
        yield f"A class's boost, {of}, at most {phase['max_weight']}, {PLACES[phase['apply_as']]}."
    if loss:
        settings = ", ".join(f"{key} {value}" for key, value in loss.items() if key != "kind")
        yield f"The loss is {loss.get('kind')}{f' ({settings})' if settings else ''}."
    if phase.get("curriculum"):
        yield f"Samples come by a curriculum: {phase['curriculum']}."
    for key in (key for key in MORE if train.get(key) not in USUAL):
        yield f"{key.replace('_', ' ').capitalize()}: {train[key]}."


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
