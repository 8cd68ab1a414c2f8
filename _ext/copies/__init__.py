"""The same notebook for other places: the reader's copies."""
