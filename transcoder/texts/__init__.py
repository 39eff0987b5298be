"""Subtitles: files and embedded tracks to cues, cues to encrypted WebVTT."""
