"""Scores, bands, red flags and the days a check-in is due. Pure: values in, values out."""
