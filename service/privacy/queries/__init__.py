"""What the pages and jobs of this room read."""
