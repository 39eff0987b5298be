"""Resumable uploads: the tus 1.0 protocol, a durable byte store, and the hand-over of finished files."""
