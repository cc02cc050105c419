"""The features of a window of chroma: harmony, repetition, loudness, change and position.

They depend on the song alone. All but the 24 bins themselves stay the same when a song is transposed.
"""

import numpy as np

from tailwise.recipes.sections.features.recurrence import (
    OF_BLOCKS,
    block_measures,
    novelty,
    sides,
    structure_novelty,
    unit,
)

BINS = 24
BLOCKS_S = (8, 20)
"""Seconds of a block that is looked for elsewhere."""
NOVELTY_S = (4, 8, 16)
"""Seconds on either side of a boundary."""
STRUCTURE_S = (4, 10)
"""The same, for the change of what is repeated."""
SMOOTH_S = 2
FAR_S = 60
"""Distances are measured up to here."""
LONGEST_S = 600
MOST_DEVIATIONS = 5
"""Of timbre, from the song's mean."""
HALVES = {"low": slice(0, 12), "high": slice(12, BINS)}
CHROMA_FEATURES: tuple[str, ...] = (
    *(f"bin_{place}" for place in range(BINS)),
    *(f"{name}_{half}" for half in HALVES for name in ("typical", "peak", "loudness", "change")),
    *(f"{name}_{seconds}s" for seconds in BLOCKS_S for name in OF_BLOCKS),
    *(f"novelty_{seconds}s" for seconds in NOVELTY_S),
    *(f"structure_{seconds}s" for seconds in STRUCTURE_S),
    *(f"loudness_{name}" for name in ("song", "near", "step")),
    *(f"position_{name}" for name in ("start", "end", "start_seconds", "end_seconds", "song_seconds")),
)
"""What is measured, and how."""


def chroma_names(width: int) -> tuple[str, ...]:
    """Names of the features of chroma with timbre, together `width` columns."""
    timbre = tuple(f"timbre_{place}" for place in range(width - BINS))
    return (*CHROMA_FEATURES, *timbre, *(f"timbre_novelty_{seconds}s" for seconds in NOVELTY_S if timbre))


def chroma_features(chroma: np.ndarray, seconds: float) -> np.ndarray:
    """(T, D) float32, in the order of CHROMA_FEATURES; with timbre, of `chroma_names`.

    chroma: (T, 24), two octave-folded spectra of 12 semitones, of any scale; T >= 1. What further columns there are
        is timbre, which is scaled to mean 0 and deviation 1 over the song
    seconds: length of a window
    """
    exact = np.maximum(chroma[:, :BINS].astype(np.float32), 0)
    vectors = unit(exact)
    columns = {f"bin_{place}": vectors[:, place] for place in range(BINS)}
    for half, bins in HALVES.items():
        columns |= {f"{name}_{half}": values for name, values in _harmony(exact[:, bins], seconds).items()}
    columns |= _repetition(vectors, seconds) | _loudness(exact, seconds) | _position(len(chroma), seconds)
    columns |= _timbre(chroma[:, BINS:].astype(np.float32), seconds)
    return np.stack([columns[name] for name in chroma_names(chroma.shape[1])], axis=1).astype(np.float32)


def positions_in(duration_s: float, seconds: float) -> int:
    """Number of positions of a duration, 2 or more."""
    return max(2, round(duration_s / seconds))


def _harmony(half: np.ndarray, seconds: float) -> dict[str, np.ndarray]:
    """Of 12 bins: cosine to the song's mean, largest bin, loudness relative to the song, change to before."""
    vectors = unit(half)
    before, after = sides(vectors, positions_in(SMOOTH_S, seconds))
    return {
        "typical": vectors @ unit(vectors.mean(0, keepdims=True))[0],
        "peak": vectors.max(1),
        "loudness": relative(half.sum(1)),
        "change": np.linalg.norm(after - before, axis=1),
    }


def relative(loudness: np.ndarray) -> np.ndarray:
    """Log of the ratio to the song's median, within [-3, 3]; 0 for a song that is silent throughout."""
    median = np.median(loudness)
    if median <= 0:
        return np.zeros_like(loudness)
    return np.clip(np.log(np.maximum(loudness / median, 1e-2)), -3, 3)


def _repetition(vectors: np.ndarray, seconds: float) -> dict[str, np.ndarray]:
    columns = {}
    for block_s in BLOCKS_S:
        found = block_measures(vectors, positions_in(block_s, seconds))
        found["nearest"] = np.minimum(found["nearest"] * seconds / FAR_S, 2)
        columns |= {f"{name}_{block_s}s": values for name, values in found.items()}
    for width_s in NOVELTY_S:
        columns[f"novelty_{width_s}s"] = novelty(vectors, positions_in(width_s, seconds))
    for width_s in STRUCTURE_S:
        width, block = positions_in(width_s, seconds), positions_in(BLOCKS_S[0], seconds)
        columns[f"structure_{width_s}s"] = structure_novelty(vectors, block, width)
    return columns


def _timbre(timbre: np.ndarray, seconds: float) -> dict[str, np.ndarray]:
    if not timbre.shape[1]:
        return {}
    scaled = np.clip((timbre - timbre.mean(0)) / np.maximum(timbre.std(0), 1e-6), -MOST_DEVIATIONS, MOST_DEVIATIONS)
    columns = {f"timbre_{place}": values for place, values in enumerate(scaled.T)}
    widths = {f"timbre_novelty_{width_s}s": positions_in(width_s, seconds) for width_s in NOVELTY_S}
    return columns | {name: novelty(scaled, width) for name, width in widths.items()}


def _loudness(chroma: np.ndarray, seconds: float) -> dict[str, np.ndarray]:
    """Relative to the song, to the 20 seconds around, and after relative to before."""
    loudness = relative(chroma.sum(1))[:, None]
    before, after = (side[:, 0] for side in sides(loudness, positions_in(BLOCKS_S[1] / 2, seconds)))
    return {
        "loudness_song": loudness[:, 0],
        "loudness_near": loudness[:, 0] - (before + after) / 2,
        "loudness_step": after - before,
    }


def _position(count: int, seconds: float) -> dict[str, np.ndarray]:
    places = np.arange(count)
    start, end = places * seconds, (count - 1 - places) * seconds
    return {
        "position_start": places / max(count - 1, 1),
        "position_end": 1 - places / max(count - 1, 1),
        "position_start_seconds": np.minimum(start, FAR_S) / FAR_S,
        "position_end_seconds": np.minimum(end, FAR_S) / FAR_S,
        "position_song_seconds": np.full(count, min(count * seconds, LONGEST_S) / LONGEST_S),
    }
