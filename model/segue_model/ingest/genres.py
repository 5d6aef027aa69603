"""Which genres a song of the Million Song Dataset has: given labels, then its artist's terms."""

from collections.abc import Iterable
from typing import Final

AT_MOST: Final = 5

# Labels of the tagtraum annotations that are not spelled as the terms are.
LABELS: Final = {"RnB": "r&b", "International": "world"}

# The commonest of the artists' terms that name a genre: no years, places, instruments or moods.
NAMED: Final = """
acid jazz, alternative metal, alternative rock, ambient, americana, avant-garde, big band, big
beat, black metal, bluegrass, blues, blues-rock, bossa nova, breakbeat, celtic, chanson,
chill-out, christian, classic rock, classical, comedy, country, country rock, dance, dancehall,
death metal, deep house, disco, doo-wop, doom metal, downtempo, drum and bass, dub, easy
listening, electro, electronic, emo, europop, experimental, flamenco, folk, folk rock, funk,
fusion, garage rock, gospel, gothic, grindcore, grunge, hard rock, hardcore, hardcore punk, heavy
metal, hip hop, house, indie pop, indie rock, industrial, jazz, latin, latin jazz, latin pop,
lounge, metal, metalcore, minimal, new age, new wave, noise, pop, pop punk, pop rap, pop rock,
post rock, power pop, progressive house, progressive rock, psychedelic rock, punk, r&b, rap,
reggae, rock, rock 'n roll, rockabilly, salsa, samba, singer-songwriter, ska, smooth jazz, soft
rock, soul, soundtrack, southern rock, spoken word, swing, synthpop, tango, tech house, techno,
thrash metal, trance, trip hop, world
"""
TERMS: Final = frozenset(" ".join(NAMED.split()).split(", "))


def genres_of(labels: Iterable[str], terms: Iterable[str]) -> tuple[str, ...]:
    """Return at most five genres, the strongest first: the labels, then terms in their order."""
    named = [LABELS.get(label, label.replace("_", " ").lower()) for label in labels]
    return tuple(dict.fromkeys([*named, *(term for term in terms if term in TERMS)]))[:AT_MOST]
