"""What pages and other domains may ask about the way in."""
