"""X API v2, as far as a brand's inbox uses it."""
