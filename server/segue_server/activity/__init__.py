"""What listeners keep and do: their playlists, in a database of their own."""
