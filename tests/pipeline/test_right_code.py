"""An experiment runs the code it was queued with."""

import pytest

pytestmark = pytest.mark.slow


def test_a_queued_experiment_runs_the_code_it_was_queued_with(project):
    """Library and stage are edited after queueing; what the experiment writes comes from neither edit."""
    project.run("dvc", "exp", "run", "--queue", "--name", "queued", "-S", "phase2.max_weight=2.5", "compute_weights")
    project.edit("src/tailwise/balance/boosts.py", "min(largest / rule.size(n), max_weight)", "1.25")
    project.edit("stages/compute_weights.py", "write_rebalancing(Path(f", "print('EDITED') or write_rebalancing(Path(f")
    project.run("dvc", "exp", "run", "--run-all")
    project.run("dvc", "exp", "branch", "queued", "queued")
    project.run("git", "stash")
    project.run("git", "checkout", "--quiet", "queued")
    project.run("dvc", "checkout", "compute_weights")
    boost = (project / "data/weights/phase2/boost.json").read_text(encoding="utf8")
    assert "2.5" in boost and "1.25" not in boost
    assert "EDITED" not in project.read("git", "show", "queued:stages/compute_weights.py")
