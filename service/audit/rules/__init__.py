"""The chain's arithmetic, what may be wrong with it, and the trail in plain words. Pure."""
