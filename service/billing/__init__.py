"""What a patient pays, and what keeps that honest.

Stripe holds the cards and the renewals; we ask it what is true and never believe a message by itself. Money is integer
cents.
"""
