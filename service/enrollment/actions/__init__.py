"""What a person does on the way in: one function, one transaction, one thing done."""
