"""Read, judge and execute notebooks; nothing here needs Sphinx or torch."""
