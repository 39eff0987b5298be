"""Containers, bitstreams and playlists as bytes and text; knows no process and no file."""
