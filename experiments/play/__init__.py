"""A page to play with: be the recommender, be the user, or watch two agents side by side."""
