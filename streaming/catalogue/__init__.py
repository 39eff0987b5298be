"""The catalogue: titles, their versions, and the index of encrypted segments that make them playable."""
