"""Writes the outputs of a finished phase: weights, history, best epoch, and run settings."""

from pathlib import Path

from tailwise.core.files import remove_parts, write_json
from tailwise.engine.checkpoint.weights import read_tensors, write_weights
from tailwise.engine.contract.run import Run
from tailwise.engine.monitor.backend import backend
from tailwise.engine.monitor.history import Boosts, Metrics, best_epoch, write_history
from tailwise.engine.train.saving import KEPT_FILES
from tailwise.engine.train.state import PhaseResult


def write_outputs(phase: str, metrics: Metrics, boosts: Boosts, trained: PhaseResult, asked: dict, run: Run) -> None:
    """Write all outputs. asked: the specification of the model in params.yaml.

    Writes the history again, since a run resumed after its last epoch calls no observers.
    """
    folder, best = Path(f"reports/training/{phase}"), trained.history[trained.best - 1]
    weights = Path(f"data/models/{phase}.safetensors")
    remove_parts(folder)  # the launcher may have restarted a killed process
    remove_parts(weights.parent, weights.name)
    write_weights(weights, trained.weights, trained.spec, asked)
    write_kept(weights.with_name(f"{phase}-epochs"), asked, run)
    write_history(folder, trained.history, metrics, boosts)
    write_json(folder / "best.json", best_epoch(best, metrics))
    write_json(folder / "run.json", computed(trained, run))
    if run.recovery:
        run.recovery.done(weights)
    score = "" if best.score is None else f", score {best.score:.3f}"
    run.events.log(
        "done", f"{phase}: {'last' if trained.last else 'best'} epoch {trained.best}{score}", score=best.score
    )


def write_kept(folder: Path, asked: dict, run: Run) -> None:
    """Write the weights of the kept epochs, if any, and remove stale ones."""
    kept = sorted(run.recovery.folder.glob(KEPT_FILES)) if run.recovery else []
    if not kept:
        return
    remove_parts(folder)
    for other in {file.name for file in folder.glob(KEPT_FILES)} - {file.name for file in kept}:
        (folder / other).unlink()
    for file in kept:
        tensors, spec = read_tensors(file)
        write_weights(folder / file.name, tensors, spec, asked)


def computed(trained: PhaseResult, run: Run) -> dict:
    """Settings that may change a result but are not parameters."""
    how = {"device": run.device.type, "processes": run.world.size, "micro_batch": trained.micro_batch}
    if trained.stopped:
        how["stopped_early"] = True
    return {**how, "fallback": trained.fallback, "computing": backend(run.device)}
