"""Tables of any format and layout, and the interactions in them: one reader for all that takes data from people."""

from __future__ import annotations

from serendip.simulator.reading.interactions import Interactions, Wanted, read_interactions

__all__ = ["Interactions", "Wanted", "read_interactions"]
