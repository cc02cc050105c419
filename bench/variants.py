"""The variants of the model against `dual` on the demo, one seed that nothing else uses: ``make variants``.

Figures are of the validation split; time is that of the three training stages, "-" where DVC's cache had them.
"""

from pathlib import Path

from experiments import run_experiment
from tailwise.core.batch import Head
from tailwise.core.config import read_params, section
from tailwise.core.files import read_json
from tailwise.models.multiview import Model

VARIANTS = ("dual", "simplified", "progressive", "optimized")
LEVELS = {
    "phase1.train.trainable": '["backbone.*","fusion.level1.*"]',
    "phase2.train.trainable": '["backbone.*","fusion.level1.*","fusion.level2.*"]',
}
SEED = 11
LOG = Path(".logs/stages.csv")


def parameters(kind: str) -> int:
    params = read_params()
    params["model"]["variant"]["kind"] = kind
    window, heads = params["window"], read_json(Path("data/index/heads.json"))
    shape = (window["frames"], window["height"], window["width"])
    model = section(params, "model", Model).build(tuple(Head(n, tuple(c)) for n, c in heads.items()), shape)
    return sum(p.numel() for p in model.parameters())


def logged() -> list[str]:
    return LOG.read_text(encoding="utf8").splitlines() if LOG.exists() else []


def training_time(lines: list[str]) -> str:
    seconds = [float(line.split(",")[1]) for line in lines if line.startswith("train_phase")]
    return f"{sum(seconds):.0f} s" if len(seconds) == 3 else "-"


def main() -> None:
    print(f"{'variant':<13}{'parameters':>11}{'time':>8}   macro recall, macro F1, lowest recall, loss")
    for kind in VARIANTS:
        settings = {"model.variant.kind": kind, "training.seed": SEED, **(LEVELS if kind == "progressive" else {})}
        before = len(logged())
        found = run_experiment(f"variant-{kind}", settings)
        of_heads = [
            f"{head} " + " ".join(f"{of[name]:.3f}" for name in ("macro_recall", "macro_f1", "min_recall", "loss"))
            for head, of in found.items()
            if isinstance(of, dict)
        ]
        time = training_time(logged()[before:])
        print(f"{kind:<13}{parameters(kind):>11,}{time:>8}   {'   '.join(of_heads)}", flush=True)


if __name__ == "__main__":
    main()
