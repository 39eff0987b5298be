"""ffmpeg and ffprobe: their command lines, the sandbox around them, how they start and surely end."""
