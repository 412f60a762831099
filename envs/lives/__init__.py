"""One life in a world, or many side by side, as the environments live them."""
