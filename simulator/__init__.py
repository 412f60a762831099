"""The world: users whose activity grows with discovery, the items they meet, and the log of what happened."""
