"""The static benchmark: who ranks best what a user clicked, every model tuned alike."""
