"""Secrets, the key schedule, the media ciphers, and the signed list of what was made."""
