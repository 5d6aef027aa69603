"""The model signature: the names and codes that a SavedModel and its callers agree on.

This module is constants only and stands beside the contract, because both rooms that must agree
(`server`, which calls models, and `model`, which makes them) import it and neither imports the
other. `docs/signature.md` says what each tensor means, with shapes and an example.
"""

from typing import Final

# Signatures. The flat one is the original service's: two inputs, one request. The batched one
# takes a request a row and every option of the contract.
RECOMMEND: Final = "recommend_songs"
RECOMMEND_BATCHED: Final = "recommend_songs_batched"
DESCRIBE: Final = "describe_engine"
# Hosts that let no caller choose a signature call this one; it is the batched one.
DEFAULT: Final = "serving_default"

# Inputs of both recommending signatures: int32 [n] and [], or [B, L] and [B].
LISTENED_SONGS: Final = "listened_songs"
NO_RECOM_SONGS: Final = "no_recom_songs"

# Further inputs of the batched signature, each with B rows.
EXCLUDED_SONGS: Final = "excluded_songs"  # int32 [B, E]
EXCLUDED_ARTISTS: Final = "excluded_artists"  # int32 [B, X]
EXCLUDE_SEED_ARTISTS: Final = "exclude_seed_artists"  # bool [B]
GENRES: Final = "genres"  # string [B, G]
ARTISTS: Final = "artists"  # int32 [B, A]
YEARS: Final = "years"  # int32 [B, 2]
TEMPOS: Final = "tempos"  # float32 [B, 2]
MAX_PER_ARTIST: Final = "max_per_artist"  # int32 [B]
DIVERSITY: Final = "diversity"  # float32 [B]

# Padding of the set-valued inputs and of the outputs beyond the songs found.
PAD_ID: Final = -1
PAD_NAME: Final = b""

# Outputs of both recommending signatures: [m] or [B, K], contributions [m, n] or [B, K, L].
RECOM_SONGS_IDS: Final = "recom_songs_ids"  # int32
RECOM_SONGS_SCORES: Final = "recom_songs_scores"  # float32
RECOM_SONGS_CONTRIBUTIONS: Final = "recom_songs_contributions"  # float32
RECOM_SONGS_SOURCES: Final = "recom_songs_sources"  # int32, a code of the SOURCE_ names
LISTENED_SONGS_KNOWN: Final = "listened_songs_known"  # bool [n] or [B, L]

SOURCE_CONTENT: Final = 1
SOURCE_COLLABORATIVE: Final = 2
SOURCE_BLEND: Final = 3
SOURCE_POPULAR: Final = 4

# describe_engine: which version of the description the caller reads in, the description out.
DESCRIPTION_SCHEMA: Final = "schema"  # int32 []
DESCRIPTION: Final = "description"  # string [], a JSON object
DESCRIPTION_SCHEMA_VERSION: Final = 2
