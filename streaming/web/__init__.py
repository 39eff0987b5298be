"""HTTP: pages, the JSON API, faults and security headers."""
