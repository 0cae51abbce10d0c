"""May this person join: the free assessment, the review, the decision, and the one gate that answers whether we may
charge, ship or start.

Questions are data, rules are pure, a clinician decides and staff complete.
"""
