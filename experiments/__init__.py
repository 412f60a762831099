"""What is run: agents in worlds, logs that are read, models on data, and the command line over them."""
