"""A stand-in for Stripe on the loopback: the same HTTP protocol, so that one gateway serves sandbox and production.

It renews, retries and expires by itself as Stripe does, without asking the service, and imports nothing of it, so the
two cannot share a mistake. Each behaviour names the docs.stripe.com page it follows. What it does not imitate is
refused with an error, never quietly accepted.
"""
