"""What managers see: read only, from the same rows as the timeline."""
