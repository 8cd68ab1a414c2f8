"""The press: what turns the chapters into the site, and holds them to it."""
