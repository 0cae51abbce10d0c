"""A storm over a small town: patients, staff, clocks, workers and Stripe at random, and what must be true after it."""
