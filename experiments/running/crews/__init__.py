"""Who does jobs side by side: the workers of a cluster, or processes of this machine."""
