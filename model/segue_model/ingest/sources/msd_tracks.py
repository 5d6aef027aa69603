"""What a track of the Million Song Dataset must have beside what every track must."""

from segue_model.data.layout import MSD_ID_LENGTH
from segue_model.data.rejected import Reason
from segue_model.ingest.tracks import BadSong, Track, check_track


def check_msd_track(track: Track) -> None:
    """Raise `BadSong` unless the track has all its ids and every field is one a track can have."""
    for name in ("msd_track_id", "msd_song_id", "artist_key"):
        if not getattr(track, name):
            raise BadSong(Reason.EMPTY, name)
    if len(track.artist_key) > MSD_ID_LENGTH:
        raise BadSong(Reason.OUT_OF_RANGE, f"artist_key: longer than {MSD_ID_LENGTH} characters")
    check_track(track)
