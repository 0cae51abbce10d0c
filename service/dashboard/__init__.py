"""The two home pages: what is next for a patient, and what needs a member of staff."""
