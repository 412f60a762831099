"""What a policy is worth, from a log that another policy wrote."""
