"""What a laptop lacks: Postgres, Redis, a Stripe stand-in, a mailbox and demo people. Never in the production image."""
