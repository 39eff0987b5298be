"""Delivery: playback sessions, playlists, segments and keys; the hot doors in front of the application."""
