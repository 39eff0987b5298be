"""Wrapping of keys: the root key, envelopes, and a title's secrets."""
