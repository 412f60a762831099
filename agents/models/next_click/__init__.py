"""Models of the next click, which read a history in the order of its clicks."""
