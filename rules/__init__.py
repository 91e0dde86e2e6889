"""The badge rule engine: a message in, candidates for a badge out."""
