"""What a clinic changes without touching code. Python here only reads the environment."""
