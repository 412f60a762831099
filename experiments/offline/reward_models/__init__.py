"""Models of the reward that doubly robust estimators lean on."""
