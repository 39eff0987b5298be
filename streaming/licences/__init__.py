"""Licences: who may watch which title, until when, how well and on how many screens."""
