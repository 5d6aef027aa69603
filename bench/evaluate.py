"""Makes dataset folders of listens alone (Last.fm-2k, triplets), to evaluate engines on.

.venv/bin/python bench/evaluate.py DATA OUTPUT
for each in OUTPUT/*; do segue-model evaluate $each --cold 0 --search; done
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))

from listens_only import lastfm, triplets
from segue_model.data.dataset import write_dataset

FILES = ("taste_profile_10000txt_prefix.tsv", "taste_profile_msd10k_songs.tsv")

if __name__ == "__main__":
    data, output = map(Path, sys.argv[1:])
    for made in (lastfm(data), *(triplets(data, file) for file in FILES)):
        write_dataset(output / made.name, made)
        counts = ", ".join(f"{count:,} {thing}" for thing, count in made.counts().items())
        print(f"{output / made.name}: {counts}")
