"""The same scenarios against Stripe's test mode and against our stand-in, and a table of where the two differ.

Opt-in, because no machine of ours reaches Stripe: on one that does, with the secret key of a Stripe *test* account that
nobody needs (it fills with customers and prices; each scenario deletes its own test clock, and its customers with it):

    STRIPE_TEST_KEY=sk_test_... .venv/bin/python -m tests.live            all of it, the table at the end
    STRIPE_TEST_KEY=sk_test_... .venv/bin/python -m tests.live refunds    one scenario
    STRIPE_TEST_KEY=sk_test_... .venv/bin/python -m pytest tests/live     as a test that fails with the table

It takes some minutes, most of them waiting for Stripe's test clocks. Without the key the tests skip and say so; a live
key is refused before anything is called. The account is set as the service needs it: Smart Retries for two weeks, after
the last of them the subscription is marked unpaid and not canceled, and Stripe sends no e-mails to customers.

Each line of the table is one fact: which scenario, which fact, what Stripe said, what the stand-in said. Facts are
statuses, amounts in cents, dates as distances from the scenario's start, error codes, and how often each kind of event
was told about the scenario's customer. A difference is a mistake of the stand-in, never of Stripe: mend it in
`service/sandbox/stripe`, add a test there, and run again.

That the comparison itself works is proved without Stripe, between two stand-ins, one of them with mistakes planted in
it (`test_comparing.py`): it has to report exactly those.
"""
