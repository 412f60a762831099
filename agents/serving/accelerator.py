"""Slates over a large catalogue by an accelerator: the items' factors stay on it, and only the best items come back."""

from __future__ import annotations

import numpy as np
import torch

from serendip.agents.beliefs.belief import Factored
from serendip.agents.models.layers import usable
from serendip.agents.serving.catalogue import ROWS
from serendip.agents.serving.ranking import require_enough, require_finite, settled
from serendip.simulator.interface import Bools, Ints, Singles

_GROUP = 64  # items of which the best one is looked at first


class Accelerator:
    """A catalogue on a torch device.

    The order of what is shown is that of `top_slates`, ties too, but the last bits of a score are the device's own: two
    items that differ by less may change places.  An agent's propensities are therefore to be recomputed on a device
    like that which it acted on.
    """

    def __init__(self, device: str) -> None:
        self._device = usable("device", device)
        self._version = -1
        self._factors = torch.zeros((0, 0))

    def hold(self, posterior: Factored, version: int) -> None:
        """Take the factors in, unless those of that version are here."""
        if version != self._version:
            self._factors = torch.tensor(posterior.factors(), device=self._device)  # copied: torch aligns its memory
            self._version = version

    def top(self, codes: Singles, available: Bools, length: int, users: Ints, key: int) -> Ints:
        """Return (B, length) the best items, as `Catalogue` says.

        Args:
            codes: (B, d) vectors of the visits.
            available: (M,) which items can be shown.
            length: items in a slate.
            users: (B,) ids.
            key: key of the stream that breaks ties.
        """
        require_enough(available, length)
        hidden = None if available.all() else torch.from_numpy(~available).to(self._device)
        slates = np.empty((len(codes), length), dtype=np.int64)
        for start in range(0, len(codes), ROWS):
            mine = slice(start, start + ROWS)
            slates[mine] = self._rank(codes[mine], hidden, length, users[mine], key)
        return slates

    def _rank(self, codes: Singles, hidden: torch.Tensor | None, length: int, users: Ints, key: int) -> Ints:
        """Return (B, length) the best items of no more than ROWS codes."""
        block = torch.zeros((ROWS, codes.shape[1]))
        block[: len(codes)] = torch.from_numpy(codes)
        scores = block.to(self._device) @ self._factors  # (ROWS, M), of one shape whatever B is: see `in_blocks`
        if hidden is not None:
            scores.masked_fill_(hidden, -np.inf)
        found, worth = _largest(scores[: len(users)], length + 1)
        items = np.zeros((len(users), length + 1), dtype=np.int64)
        values = np.full(items.shape, -np.inf, dtype=np.float32)  # and so beyond the last item
        items[:, : found.shape[1]] = found.cpu().numpy()
        values[:, : found.shape[1]] = worth.cpu().numpy()
        require_finite(values[:, :length])
        return settled(items, values, users, key, lambda row: scores[row].cpu().numpy())


def _largest(scores: torch.Tensor, n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (B, n) the n largest of each row of `scores` (B, M), falling, as indices and values; fewer of fewer items.

    They are in the n groups with the largest maxima, or in the rest that fills no group: so all scores are read once.
    """
    n_groups = scores.shape[1] // _GROUP
    if n_groups <= n:
        values, items = scores.topk(min(n, scores.shape[1]), dim=1)
        return items, values
    whole = n_groups * _GROUP
    groups = scores[:, :whole].unflatten(1, (n_groups, _GROUP))
    best = groups.amax(dim=2).topk(n, dim=1).indices  # (B, n)
    near = (best[:, :, None] * _GROUP + torch.arange(_GROUP, device=best.device)).flatten(1)  # (B, n * _GROUP)
    rest = torch.arange(whole, scores.shape[1], device=best.device).expand(len(scores), -1)
    items = torch.cat([near, rest], dim=1)
    values, place = scores.gather(1, items).topk(n, dim=1)
    return items.gather(1, place), values
