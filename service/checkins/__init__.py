"""How the patient is doing: which questions are due, the answers, the scores and what they set off."""
