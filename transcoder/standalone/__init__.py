"""Films without a server: a folder of encrypted objects, its playlists, its check, its terminal."""
