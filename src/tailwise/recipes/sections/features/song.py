"""The features of a song, whatever it consists of."""

import numpy as np

from tailwise.recipes.sections.readers.song import Song


def song_features(song: Song) -> np.ndarray:
    """(T, D) float32, of one position or more; D is `len(feature_names(song))`."""
    if song.vectors is not None:
        return song.vectors.astype(np.float32)
    if song.chroma is not None:
        from tailwise.recipes.sections.features.chroma import chroma_features

        return chroma_features(song.chroma, song.seconds or 1.0)
    from tailwise.recipes.sections.features.text import text_features

    return text_features(song.lines)


def feature_names(song: Song) -> tuple[str, ...]:
    """Names of the features of all songs that consist of the same."""
    if song.vectors is not None:
        return tuple(f"vector_{column}" for column in range(song.vectors.shape[1]))
    if song.chroma is not None:
        from tailwise.recipes.sections.features.chroma import chroma_names

        return chroma_names(song.chroma.shape[1])
    from tailwise.recipes.sections.features.text import TEXT_FEATURES

    return TEXT_FEATURES
