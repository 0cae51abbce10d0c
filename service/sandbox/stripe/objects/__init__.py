"""The shapes of Stripe's objects in the pinned version, as plain values (docs.stripe.com/api). No decisions here."""
