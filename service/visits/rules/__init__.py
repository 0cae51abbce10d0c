"""Pure decisions of visits: which times are open, whether a licence counts, what a signed encounter must show."""
