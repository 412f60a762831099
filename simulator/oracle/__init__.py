"""Who knows everything: expected clicks, slates chosen with all that is hidden, exact values and upper bounds."""
