"""From the domain's playlists to the contract's."""

from segue.v1 import playlist_pb2
from segue.v1.song_pb2 import Song as SongMessage
from segue_server.domain.model import View
from segue_server.domain.playlist import Playlist
from segue_server.domain.playlist_keeper import ShownPlaylist
from segue_server.transport import answers
from segue_server.transport.times import timestamp


def shown_message(shown: ShownPlaylist, view: View) -> playlist_pb2.Playlist:
    """Return the playlist with its entries."""
    message = playlist_message(shown.playlist)
    for entry in shown.playlist.entries:
        song = shown.songs.get(entry.song_id)
        message.entries.add(
            song=answers.song_message(song, view) if song else SongMessage(id=entry.song_id),
            add_time=timestamp(entry.added),
        )
    return message


def playlist_message(playlist: Playlist) -> playlist_pb2.Playlist:
    """Return the playlist without its entries."""
    return playlist_pb2.Playlist(
        playlist_id=playlist.id,
        title=playlist.title,
        song_count=playlist.song_count,
        etag=playlist.etag,
        create_time=timestamp(playlist.created),
        update_time=timestamp(playlist.updated),
    )
