"""What a film is: its tracks, languages and roles as typed values. Pure."""
