"""Training with a teacher: what its answers change, what they leave alone, and that a student gains by them."""

from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import nn

from support.helpers import (
    HEADS,
    Linear,
    Table,
    make_phase,
    make_run,
    make_table,
    make_task,
    mean_recall,
    noisy,
    same,
    summed_loss,
)
from tailwise.core.errors import UserError
from tailwise.core.heads import IGNORE, Head
from tailwise.engine.checkpoint.recovery import Recovery
from tailwise.engine.contract.metric import figures_of
from tailwise.engine.contract.mixing import Mixup
from tailwise.engine.contract.task import PartLogits
from tailwise.engine.evaluate.teacher import Member, ask, read_answers, write_answers
from tailwise.engine.evaluate.validate import totals
from tailwise.engine.train.loop import train_phase
from tailwise.losses.head.boost import ClassBoost
from tailwise.losses.head.distil import Distil, softened_divergence
from tailwise.optim.adamw import AdamW
from tailwise.optim.linear import Linear as Line
from tailwise.optim.sgd import SGD

STEP = make_phase(epochs=1, lr=1.0, optimizer=SGD("sgd", 0.0, momentum=0.0), schedule=Line("linear"))
"""One step of plain gradient descent, whose move is the gradient."""


def teacher(folder, train: Table, heads=HEADS, seed: int = 7):
    """Answers of a random model to the samples, through a file."""
    model = Linear(5, heads)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    answers = ask(make_task(valid=train, heads=heads), [Member(model, heads, 1.0, "teacher")], make_run())
    write_answers(folder, heads, train.names, answers)
    return read_answers(folder, heads, train)


def gradients(how, answers, train, loss=summed_loss, **task):
    """{parameter: its gradient} of a step on all samples."""
    built = make_task(train=train, loss=loss, **task)
    before = {name: tensor.clone() for name, tensor in built.model.state_dict().items()}
    trained = train_phase(built, replace(STEP, distil=how), range(len(train)), {}, make_run(32), answers=answers)
    return {name: before[name] - tensor for name, tensor in trained.weights.items()}


def expected(how, answers, train, weight_of_labels=True):
    """The same by autograd from the formula."""
    model, index = Linear(5, HEADS), torch.arange(len(train))
    loss = torch.zeros(())
    for name, logits in model(train.inputs["x"]).items():
        ids = train.targets[name]
        own = nn.functional.cross_entropy(logits, ids, ignore_index=IGNORE) if (ids != IGNORE).any() else 0.0
        rows, t = answers[name].of(index, None), how.temperature_of(name)
        loss = loss + (1 - how.weight) * own + how.weight * softened_divergence(logits, rows, t).mean()
    loss.backward()
    return {name: parameter.grad for name, parameter in model.named_parameters()}


@pytest.mark.parametrize("how", [Distil(0.5), Distil(1.0, 1.0), Distil(0.3, 2.0, {"size": 5.0})])
@pytest.mark.parametrize("batch", [1, 2, 4])
def test_a_step_follows_the_formula_in_any_number_of_micro_batches(tmp_path, how, batch):
    train = make_table()
    train.targets["colour"][::3] = IGNORE  # these samples learn from the teacher alone
    answers, built = teacher(tmp_path, train), make_task(train=train)
    before = {name: tensor.clone() for name, tensor in built.model.state_dict().items()}
    run = make_run(24, accumulate=batch)
    trained = train_phase(built, replace(STEP, distil=how), range(24), {}, run, answers=answers)
    for name, wanted in expected(how, answers, train).items():
        assert torch.allclose(before[name] - trained.weights[name], wanted, atol=1e-5)


def test_weight_and_temperature_have_an_effect(tmp_path):
    train = make_table()
    found = [
        gradients(how, teacher(tmp_path, train), train)["heads.size.weight"]
        for how in (Distil(0.5), Distil(0.6), Distil(0.5, 4.0), Distil(0.5, temperatures={"size": 3.0}))
    ]
    assert all(not torch.allclose(one, other, atol=1e-4) for i, one in enumerate(found) for other in found[:i])


def test_a_weight_of_zero_is_no_distillation_to_the_bit(tmp_path):
    train = make_table()
    phase = make_phase(epochs=3, lr=3e-2, augment=1.0, optimizer=AdamW("adamw", 0.1))
    boost = {"colour": ClassBoost(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([8.0, 8.0, 8.0]), "margin")}

    def trained(how, answers):
        task = make_task(Linear(5, HEADS, dropout=0.3), train, prepare=noisy)
        return train_phase(task, replace(phase, distil=how), range(24), boost, make_run(), answers=answers)

    without, none = trained(None, None), trained(Distil(0.0), teacher(tmp_path, train))
    assert same(without.weights, none.weights) and without.history == none.history
    assert not same(without.weights, trained(Distil(0.1), teacher(tmp_path, train)).weights)


def test_a_phase_without_distil_leaves_the_answers_alone(tmp_path):
    train = make_table()
    assert same(gradients(None, teacher(tmp_path, train), train), gradients(None, None, train))


def test_boosts_act_on_the_labels_alone(tmp_path):
    """At a weight of 1 nothing is left of the labels: a margin changes nothing."""
    train, answers = make_table(), teacher(tmp_path, make_table())
    boost = {"colour": ClassBoost(torch.tensor([1.0, 2.0, 30.0]), torch.tensor([8.0, 8.0, 8.0]), "margin")}
    found = [
        train_phase(
            make_task(train=train), replace(STEP, distil=Distil(weight)), range(24), of, make_run(), None, answers
        )
        for weight in (1.0, 0.5)
        for of in ({}, boost)
    ]
    assert same(found[0].weights, found[1].weights) and not same(found[2].weights, found[3].weights)


def test_a_loss_without_a_teacher_keeps_its_weight(tmp_path):
    """Such as one of the model itself: of Distil(1.0) it is all that is left besides the teacher."""
    train, answers = make_table(), teacher(tmp_path, make_table())

    def loss(outputs, batch, boost):
        return {**summed_loss(outputs, batch, boost), "size of the answers": 3 * (outputs["size"] ** 2).sum()}

    plain = gradients(Distil(1.0), answers, train)["heads.size.bias"]
    more = gradients(Distil(1.0), answers, train, loss=loss)["heads.size.bias"]
    with torch.no_grad():
        added = 6 * Linear(5, HEADS)(train.inputs["x"])["size"].mean(dim=0)
    assert torch.allclose(more - plain, added, atol=1e-4)


def test_parts_of_samples_learn_the_answer_to_the_whole_sample(tmp_path):
    """Two parts a sample, as views are: by their share, in the loss that they belong to."""
    train, answers = make_table(), teacher(tmp_path, make_table())

    def loss(outputs, batch, boost):
        return {**summed_loss(outputs, batch, boost), "parts": 0.0 * outputs["size"].sum()}

    def parts(outputs, batch):
        twice, share = torch.arange(len(batch)).repeat(2), torch.tensor([0.25, 0.75]).repeat_interleave(len(batch))
        logits = torch.cat([outputs["size"], 2 * outputs["size"]])
        return [PartLogits("parts", "size", logits, twice, share)]

    how = Distil(1.0, 2.0)
    plain, found = (
        gradients(how, answers, train, loss=loss, parts=of, auxiliary=())["heads.size.weight"] for of in (None, parts)
    )
    model = Linear(5, HEADS)
    logits, rows = model(train.inputs["x"])["size"], answers["size"].of(torch.arange(24), None)
    (
        0.25 * softened_divergence(logits, rows, 2.0) + 0.75 * softened_divergence(2 * logits, rows, 2.0)
    ).mean().backward()
    assert torch.allclose(found - plain, model.heads["size"].weight.grad, atol=1e-5)


def test_parts_count_by_the_weight_of_their_loss(tmp_path):
    train, answers = make_table(), teacher(tmp_path, make_table())

    def loss(outputs, batch, boost):
        return {**summed_loss(outputs, batch, boost), "parts": 0.0 * outputs["size"].sum()}

    def parts(outputs, batch):
        return [PartLogits("parts", "size", 2 * outputs["size"], torch.arange(len(batch)))]

    def at(weight):
        task = make_task(train=train, loss=loss, parts=parts, auxiliary=("parts",))
        phase = replace(STEP, distil=Distil(0.5), loss_weights={"parts": weight} if weight else {})
        return train_phase(task, phase, range(24), {}, make_run(32), answers=answers).weights["heads.size.bias"]

    none, half, whole = at(0.0), at(0.5), at(1.0)
    assert torch.allclose(2 * (half - none), whole - none, atol=1e-5) and not torch.allclose(none, whole, atol=1e-4)


def test_mixed_samples_learn_from_both_teachers_answers(tmp_path):
    """Where all answers are the same, mixing them changes nothing; else it does."""
    train = make_table()
    same_rows = teacher(tmp_path / "same", Table({"x": torch.zeros(24, 5)}, train.targets))
    other_rows = teacher(tmp_path / "other", train)

    def moved(answers, mixed: bool):
        task = make_task(train=train)
        task = replace(task, mix=(lambda batch, how, keys: replace(task_mix(batch, how, keys), inputs=batch.inputs)))
        phase = replace(STEP, distil=Distil(1.0), mix=Mixup("mixup", 1.0) if mixed else None)
        return train_phase(task, phase, range(24), {}, make_run(32), answers=answers).weights["heads.size.weight"]

    task_mix = make_task().mix
    assert torch.allclose(moved(same_rows, True), moved(same_rows, False), atol=1e-5)
    assert not torch.allclose(moved(other_rows, True), moved(other_rows, False), atol=1e-4)


class Tagger(nn.Module):
    """x (B, T, D) to logits (B, T, 3)."""

    def __init__(self, seed: int = 0):
        super().__init__()
        torch.manual_seed(seed)
        self.last = nn.Linear(5, 3)

    def forward(self, x):
        return {"tag": self.last(x)}


def test_sequences_learn_at_their_labelled_positions(tmp_path):
    heads, targets = (Head("tag", ("a", "b", "c")),), torch.tensor([[0, 1, IGNORE, 2], [1, IGNORE, IGNORE, IGNORE]])
    data = Table({"x": torch.randn(2, 4, 5, generator=torch.Generator().manual_seed(0))}, {"tag": targets})
    built, other = make_task(Tagger(), data, data, heads=heads, metrics={}), Tagger(1)
    write_answers(tmp_path, heads, data.names, ask(built, [Member(other, heads, 1.0, "other")], make_run()))
    before = built.model.last.weight.detach().clone()
    answers = read_answers(tmp_path, heads, data)
    trained = train_phase(built, replace(STEP, distil=Distil(1.0)), range(2), {}, make_run(2), answers=answers)
    model = Tagger()
    each = softened_divergence(model(data.inputs["x"])["tag"], other(data.inputs["x"])["tag"].detach(), 2.0)
    each[targets != IGNORE].mean().backward()
    assert torch.allclose(before - trained.weights["last.weight"], model.last.weight.grad, atol=1e-5)


def test_a_phase_with_distil_and_without_answers_is_refused():
    with pytest.raises(UserError, match="distil needs a teacher's answers: --teacher FOLDER"):
        train_phase(make_task(), replace(STEP, distil=Distil(0.5)), range(24), {}, make_run())


def test_a_head_that_the_model_does_not_answer_in_training_is_refused(tmp_path):
    class Silent(Linear):
        def forward(self, x):
            found = super().forward(x)
            return {"colour": found["colour"]} if self.training else found

    train, answers = make_table(), teacher(tmp_path, make_table())
    task = make_task(Silent(5, HEADS), train)
    with pytest.raises(UserError, match="distil: the model gives no logits of head size in training"):
        train_phase(task, replace(STEP, distil=Distil(0.5)), range(24), {}, make_run(), answers=answers)


class Stop(BaseException):
    pass


class Stops(Linear):
    """Ends the process, as it were, at one evaluation of the model."""

    def __init__(self, at: int | None):
        super().__init__(5, HEADS, dropout=0.3)
        self.at, self.calls = at, 0

    def forward(self, x):
        self.calls += 1
        if self.calls == self.at:
            raise Stop
        return super().forward(x)


@pytest.mark.parametrize("at", [2, 9, 17])
def test_a_killed_run_resumes_to_the_same_bits(tmp_path, at):
    train = make_table(20)
    phase = make_phase(epochs=3, lr=3e-2, augment=1.0, distil=Distil(0.5))
    answers = teacher(tmp_path / "answers", train)

    def trained(model, **run):
        task = make_task(model, train, prepare=noisy)
        return train_phase(task, phase, range(20), {}, make_run(accumulate=2, **run), answers=answers)

    straight = trained(Stops(None))
    with Recovery(tmp_path / "state") as recovery, pytest.raises(Stop):
        trained(Stops(at), recovery=recovery, save_every=0.0)
    with Recovery(tmp_path / "state") as recovery:
        resumed = trained(Stops(None), recovery=recovery)
    assert same(straight.weights, resumed.weights) and straight.history == resumed.history


COLOURS = HEADS[:1]


def long_tailed(seed: int) -> Table:
    """120 samples of red and of green, 2 of blue."""
    whole = make_table(3000, seed=seed, heads=COLOURS)
    kept = [(whole.targets["colour"] == c).nonzero()[:n, 0] for c, n in enumerate((120, 120, 2))]
    return Table(*({name: t[torch.cat(kept)] for name, t in of.items()} for of in (whole.inputs, whole.targets)))


def macro_recall(train: Table, phase, answers=None):
    """(its macro recall on 900 other samples, the model)"""
    task = make_task(train=train, valid=make_table(900, seed=99, heads=COLOURS), heads=COLOURS)
    train_phase(task, phase, range(len(train)), {}, make_run(16), answers=answers)
    score = mean_recall(COLOURS).score(figures_of(task.metrics, totals(task, make_run(128))))
    assert score is not None
    return score, task.model


@pytest.mark.parametrize("seed", [1, 2])
def test_a_student_gains_by_a_teacher_that_saw_more_of_a_rare_class(tmp_path, seed):
    """The teacher saw 1500 samples, a third of them blue; the student two of these, with and without its answers."""
    phase, few = partial(make_phase, epochs=40, lr=3e-2, hand_over="last"), long_tailed(seed)
    good, model = macro_recall(make_table(1500, seed=seed + 10, heads=COLOURS), phase(epochs=12))
    answers = ask(make_task(valid=few, heads=COLOURS), [Member(model, COLOURS, 1.0, "teacher")], make_run())
    write_answers(tmp_path, COLOURS, few.names, answers)
    alone, _ = macro_recall(few, phase())
    taught, _ = macro_recall(few, phase(distil=Distil(0.5, 2.0)), read_answers(tmp_path, COLOURS, few))
    assert good > 0.95 and alone < 0.75 and taught > alone + 0.15
