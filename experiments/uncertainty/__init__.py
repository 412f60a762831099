"""The protocol that asks where uncertainty helps: declared, tuned alike on both sides, compared on fresh seeds."""
