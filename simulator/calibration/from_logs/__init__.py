"""A world fitted to a log: how users choose, what they like, when they come and when they leave."""
