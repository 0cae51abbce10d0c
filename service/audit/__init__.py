"""Who did what, and who saw what, in words that name no content. Rows are only ever added."""
