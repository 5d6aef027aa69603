"""The limits that the contract's comments state."""

MAX_SONGS = 1_000
MAX_GENRES = 20
MAX_NAME = 100
MAX_VISITOR = 128
MAX_ARTISTS = 100
MAX_YEAR = 9_999
MAX_TEMPO = 1_000
# What an error tells must fit the 8 KiB that callers take of trailers.
MAX_VIOLATIONS = 10
MAX_TITLE = 200
MAX_REQUEST_ID = 64
MAX_RESUME_TOKEN = 256
DEFAULT_K = 10
MAX_K = 100
MAX_BATCH = 100
DEFAULT_PAGE = 20
MAX_PAGE = 100
DEFAULT_GENRE_PAGE = 100
MAX_GENRE_PAGE = 1_000
# A batch of the most requests, each with the most songs and exclusions, fits.
MAX_REQUEST_BYTES = 4 * 1024 * 1024
MAX_STREAMS_A_CONNECTION = 100
