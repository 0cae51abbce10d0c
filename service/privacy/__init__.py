"""What is yours: a copy of everything, who looked at it, closing your account, and how long we must keep what."""
