"""Where encrypted objects lie."""
