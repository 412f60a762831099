"""The command line: one file per subcommand, whose frozen dataclass is its flags."""
