"""A chapter on the page: statements, outputs, mathematics, styles."""
