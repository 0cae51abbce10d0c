"""Meeting a clinician: who is licensed where, which times are open, what was booked, what the clinician recorded.

A signed encounter never changes; a correction is an addendum.
"""
