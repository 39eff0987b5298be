"""Look at a film with ffprobe and ffmpeg, and decide by what is seen: its tracks, packets, complexity."""
