"""Make up the songs."""

from pathlib import Path

from tagger.songs import Songs, make_songs, write_heads

from tailwise.core.params.config import read_params, section

if __name__ == "__main__":
    make_songs(section(read_params(), "songs", Songs), Path("data/songs"))
    write_heads(Path("data/index/heads.json"))
