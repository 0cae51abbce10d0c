"""What to nudge, whom, and when: in the patient's own hours, once, and not after it stopped mattering."""
