"""The shape of what owners type about clinicians, and clinicians about their hours."""
