"""Pure decisions of enrollment: eligibility, the status table, the one gate."""
