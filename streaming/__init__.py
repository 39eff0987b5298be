"""The service: who may watch what, until when."""
