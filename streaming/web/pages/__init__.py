"""Pages: the house's values turned into what `player` draws, one module a room."""
