"""Which genres a song has: those it is given, then its artist's terms that name one."""

from collections.abc import Iterable
from typing import Final

AT_MOST: Final = 5

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


def genres_of(given: Iterable[str], terms: Iterable[str]) -> tuple[str, ...]:
    """Return at most five genres, the strongest first: those given, then terms in their order.

    Those given keep their spelling; of two that differ in case alone the first one counts.
    """
    genres: dict[str, str] = {}
    for name in (*map(str.strip, given), *(term for term in terms if term in TERMS)):
        if name:
            genres.setdefault(name.casefold(), name)
    return tuple(genres.values())[:AT_MOST]
