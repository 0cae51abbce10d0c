"""What the clinic has decided, read once from config/ and never changed while running.

States and their counties, plans and prices, programs, questions, instruments, consents, dated policies. A mistake in
a file stops the start with the file, the key and the reason.
"""
