"""Posters and the storyboard."""
