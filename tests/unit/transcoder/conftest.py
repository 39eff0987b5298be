"""Property tests judge results, not speed: other work may share the machine."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
