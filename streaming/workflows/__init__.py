"""Durable work on titles: transcoding, checking, publishing, clearing up. Runs in workers alone."""
