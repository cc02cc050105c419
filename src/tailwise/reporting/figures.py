"""Plots as PNG bytes, the same ones each time."""

import base64
import io

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

Epochs = dict[str, list[dict[str, str]]]


def curves(epochs: Epochs, heads: list[str]) -> str:
    """Macro recall of each head (solid), its lowest class (dashed) and the losses, over all phases; a data URI."""
    figure, (recalls, losses) = plt.subplots(1, 2, figsize=(10, 3.2), layout="constrained")
    rows = [row for of_phase in epochs.values() for row in of_phase]
    places = range(1, len(rows) + 1)
    for colour, head in enumerate(heads):
        style = {"color": f"C{colour}"}
        recalls.plot(places, [float(row[f"{head}_macro_recall"]) for row in rows], label=f"{head}: macro", **style)
        lowest = [float(row[f"{head}_min_recall"]) for row in rows]
        recalls.plot(places, lowest, "--", label=f"{head}: lowest class", **style)
        losses.plot(places, [float(row[f"{head}_loss"]) for row in rows], label=f"{head}: validation", **style)
    losses.plot(places, [float(row["train_loss"]) for row in rows], "k:", label="training, sum of heads")
    for axes, title in ((recalls, "recall on validation"), (losses, "loss")):
        axes.set(title=title, xlabel="epoch", ylim=(0, None))
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=8)
        _mark_phases(axes, epochs)
    return _png(figure)


def _mark_phases(axes, epochs: Epochs) -> None:
    start = 0.5
    for phase, rows in epochs.items():
        axes.axvline(start, color="0.8", linewidth=1, zorder=0)
        axes.text(start + 0.2, 0.02, phase, color="0.5", fontsize=8, transform=axes.get_xaxis_transform())
        start += len(rows)


def _png(figure) -> str:
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=110)
    plt.close(figure)
    return "data:image/png;base64," + base64.b64encode(data.getvalue()).decode()
