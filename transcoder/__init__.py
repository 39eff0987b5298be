"""Film in, encrypted CMAF out. Knows no users, no HTTP and no database."""
