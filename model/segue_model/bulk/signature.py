"""What of the model signature is said to a model server over REST, where its module is not.

The environment of the pipeline has no `segue-protos`; a test holds these names to
`segue_signature`'s. `docs/signature.md` says what they mean.
"""

from typing import Final

RECOMMEND_BATCHED: Final = "recommend_songs_batched"
DESCRIBE: Final = "describe_engine"
DESCRIPTION_SCHEMA: Final = "schema"
DESCRIPTION_SCHEMA_VERSION: Final = 2

LISTENED_SONGS: Final = "listened_songs"
NO_RECOM_SONGS: Final = "no_recom_songs"
PAD_ID: Final = -1
# All else that a row says: no constraint, each set an empty one.
UNCONSTRAINED: Final = {
    "excluded_songs": [PAD_ID],
    "excluded_artists": [PAD_ID],
    "exclude_seed_artists": False,
    "genres": [""],
    "artists": [PAD_ID],
    "years": [0, 0],
    "tempos": [0.0, 0.0],
    "max_per_artist": 0,
    "diversity": 0.0,
}

RECOM_SONGS_IDS: Final = "recom_songs_ids"
RECOM_SONGS_SCORES: Final = "recom_songs_scores"
RECOM_SONGS_CONTRIBUTIONS: Final = "recom_songs_contributions"
RECOM_SONGS_SOURCES: Final = "recom_songs_sources"
SOURCES: Final = {1: "CONTENT", 2: "COLLABORATIVE", 3: "BLEND", 4: "POPULAR"}
