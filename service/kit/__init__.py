"""Tools without business words: database, queue, clocks, sealing, errors, web, logging, templates."""
