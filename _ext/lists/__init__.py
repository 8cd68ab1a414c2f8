"""Pages made of all chapters: cheat sheet, errata, GPU measurements."""
