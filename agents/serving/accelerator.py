"""Slates over a large catalogue by an accelerator: the items' factors stay on it, and only the best items come back."""

from __future__ import annotations

import numpy as np
import torch

from serendip.agents.beliefs.belief import Factored
from serendip.agents.serving.catalogue import ROWS
from serendip.agents.serving.ranking import require_enough, require_finite, settled
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Bools, Ints, Singles


class Accelerator:
    """A catalogue on a torch device.

    The order of what is shown is that of `top_slates`, ties too, but the last bits of a score are the device's own: two
    items that differ by less may change places.  An agent's propensities are therefore to be recomputed on a device
    like that which it acted on.
    """

    def __init__(self, device: str) -> None:
        try:
            self._device = torch.device(device)
            torch.zeros(1, device=self._device).cpu()
        except (RuntimeError, AssertionError) as error:
            reason = str(error).splitlines()[0].rstrip(".")
            raise SettingsError(
                f"device is {device!r}, which torch cannot use here ({reason}); leave it out for the processor, or "
                "name a device that is there, such as 'cuda' or 'cuda:1'"
            ) from error
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
        found = scores[: len(users)].topk(min(length + 1, scores.shape[1]), dim=1)
        items = np.zeros((len(users), length + 1), dtype=np.int64)
        values = np.full(items.shape, -np.inf, dtype=np.float32)  # and so beyond the last item
        items[:, : found.indices.shape[1]] = found.indices.cpu().numpy()
        values[:, : found.values.shape[1]] = found.values.cpu().numpy()
        require_finite(values[:, :length])
        return settled(items, values, users, key, lambda row: scores[row].cpu().numpy())
