"""A teacher's answers: what is kept, in the same bytes, and what is refused when it is read."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from support.helpers import HEADS, Linear, Table, make_run, make_table, make_task
from tailwise.core.errors import UserError
from tailwise.core.heads import IGNORE, Head
from tailwise.engine.checkpoint.weights import write_tensors
from tailwise.engine.evaluate.teacher import FILE, Member, ask, read_answers, write_answers

TAGS = (Head("tag", ("a", "b", "c")),)


class Tagger(nn.Module):
    """x (B, T, D) to logits (B, T, 3)."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.last = nn.Linear(5, 3)

    def forward(self, x):
        return {"tag": self.last(x)}


def asked(*weights: float, heads=HEADS, task=None):
    """The answers of that many models with these weights, whose own weights differ."""
    members = []
    for place, weight in enumerate(weights or (1.0,)):
        model = Linear(5, HEADS)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(1 + place)
        members.append(Member(model, heads, weight, f"member{place}"))
    return ask(task or make_task(), members, make_run())


def songs() -> Table:
    targets = torch.tensor([[0, 1, IGNORE, 2], [1, IGNORE, IGNORE, IGNORE], [IGNORE] * 4])
    return Table({"x": torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(0))}, {"tag": targets})


def kept(tmp_path, answers, samples=None, heads=HEADS):
    samples = samples or make_table(seed=1)
    write_answers(tmp_path, heads, samples.names, answers)
    return tmp_path


def test_the_answers_are_the_log_probabilities_of_the_plain_samples(tmp_path):
    valid = make_table(seed=1)
    found = read_answers(kept(tmp_path, asked()), HEADS, valid)
    with torch.no_grad():
        wanted = Linear(5, HEADS)(valid.inputs["x"])
    for head in HEADS:
        rows = found[head.name].of(torch.arange(24), None)
        assert rows.dtype == torch.float32 and torch.allclose(rows, wanted[head.name].log_softmax(-1), atol=1e-6)


def test_the_same_models_give_the_same_bytes(tmp_path):
    files = [kept(tmp_path / name, asked(0.25, 0.75)) / FILE for name in ("one", "two")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_an_ensemble_answers_with_the_mean_of_the_probabilities():
    first, second, both = asked(), asked(0.0 + 1.0), asked(0.25, 0.75)
    alone = asked(0.5, 0.5)
    assert torch.equal(torch.cat(first["colour"]), torch.cat(second["colour"]))
    with torch.no_grad():
        x = make_table(seed=1).inputs["x"]
        one, two = Linear(5, HEADS), Linear(5, HEADS)
        for parameter in two.parameters():
            parameter.mul_(2)
        p, q = (model(x)["colour"].double().softmax(-1) for model in (one, two))
    assert torch.allclose(torch.cat(both["colour"]).exp(), 0.25 * p + 0.75 * q, atol=1e-6)
    assert not torch.allclose(torch.cat(both["colour"]), torch.cat(alone["colour"]))


def test_rows_are_found_by_the_names_of_the_samples(tmp_path):
    valid = make_table(seed=1)
    folder, before = kept(tmp_path, asked()), read_answers(tmp_path / "", HEADS, valid)
    some = Table({"x": valid.inputs["x"][[5, 2]]}, {name: ids[[5, 2]] for name, ids in valid.targets.items()})
    some.names = ["sample5", "sample2"]
    found = read_answers(folder, HEADS, some)
    assert torch.equal(found["size"].of(torch.tensor([0, 1]), None), before["size"].of(torch.tensor([5, 2]), None))


def test_a_sequence_has_rows_up_to_its_last_label(tmp_path):
    data, model = songs(), Tagger()
    task = make_task(model, data, data, heads=TAGS, metrics={})
    answers = ask(task, [Member(model, TAGS, 1.0, "teacher")], make_run(batch_size=2))
    assert [len(rows) for rows in answers["tag"]] == [4, 1, 1]
    found = read_answers(kept(tmp_path, answers, data, TAGS), TAGS, data)["tag"]
    with torch.no_grad():
        wanted = model(data.inputs["x"])["tag"].log_softmax(-1)
    rows = found.of(torch.tensor([1, 0]), 4)
    assert torch.allclose(rows[1], wanted[0], atol=1e-6) and torch.allclose(rows[0, 0], wanted[1, 0], atol=1e-6)


def test_a_teacher_of_other_heads_or_classes_is_refused():
    other = (HEADS[0], Head("size", ("large", "small")))
    with pytest.raises(UserError, match="member0: a teacher of other classes of size: large, small there, small, la"):
        asked(heads=other)
    with pytest.raises(UserError, match="member0: a teacher of other heads: colour there, colour, size here"):
        asked(heads=HEADS[:1])


def test_answers_that_are_not_finite_are_refused():
    model = Linear(5, HEADS)
    with torch.no_grad():
        model.heads["size"].weight[:] = torch.nan
    with pytest.raises(UserError, match="large.safetensors: its answers of head size are not finite: train it again"):
        ask(make_task(), [Member(model, HEADS, 1.0, "large.safetensors")], make_run())


def test_a_file_without_some_of_the_samples_is_refused_and_so_is_one_of_other_classes(tmp_path):
    folder = kept(tmp_path, asked())
    with pytest.raises(UserError, match="16 of 40 samples have no answer, such as sample24: run its stage again"):
        read_answers(folder, HEADS, make_table(40))
    other = (HEADS[0], Head("size", ("tiny", "large")))
    with pytest.raises(UserError, match="answers.safetensors: a teacher of other classes of size: small, large there"):
        read_answers(folder, other, make_table())
    with pytest.raises(UserError, match="a teacher of other heads: colour, size there, colour here"):
        read_answers(folder, HEADS[:1], make_table())


def test_a_sequence_with_more_labels_than_answers_is_refused(tmp_path):
    data, model = songs(), Tagger()
    task = make_task(model, data, data, heads=TAGS, metrics={})
    folder = kept(tmp_path, ask(task, [Member(model, TAGS, 1.0, "teacher")], make_run()), data, TAGS)
    data.targets["tag"][1] = 0
    with pytest.raises(UserError, match="sample1 has 4 labels of tag and fewer answers"):
        read_answers(folder, TAGS, data)


def test_other_files_are_refused(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        read_answers(tmp_path, HEADS, make_table())
    write_tensors(tmp_path / FILE, {}, {"recipe": "fouls"})
    with pytest.raises(UserError, match="not a teacher's answers"):
        read_answers(tmp_path, HEADS, make_table())
    cut = {head: rows[:-1] for head, rows in asked().items()}
    with pytest.raises(UserError, match="the rows of colour are not those of its samples"):
        read_answers(kept(tmp_path, cut), HEADS, make_table(seed=1))


def test_members_of_different_lengths_are_refused():
    class Short(Tagger):
        def forward(self, x):
            return {"tag": super().forward(x)["tag"][:, :2]}

    data = songs()
    members = [Member(Tagger(), TAGS, 0.5, "whole"), Member(Short(), TAGS, 0.5, "short")]
    with pytest.raises(UserError, match="members answer different numbers of positions"):
        ask(replace(make_task(Tagger(), data, data, heads=TAGS, metrics={})), members, make_run())
