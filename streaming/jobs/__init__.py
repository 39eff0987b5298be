"""Durable jobs: DBOS set up for one house, and the identity a worker holds while it lives."""
