"""One colour an agent, in every figure of a folder and of the documentation."""

from __future__ import annotations

import zlib

# Okabe & Ito (2008), safe for colour-blind readers, then further ones by hand, then those furthest from all before them
# in Oklab (Ottosson 2020), so that a list of any length is as distinct as its length allows.
PALETTE = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#6A3D9A", "#8C6D31"),
    *("#B2182B", "#1B7F8C", "#7A9A01", "#E7298A", "#3B4CC0", "#A0522D"),
    *("#C49A00", "#4D6FA8", "#E78AC3", "#2E7D32", "#AA4499", "#88552B"),
    *("#9D74F8", "#2DCB65", "#743355", "#AF9EE4", "#E1957A", "#618DF3", "#89BB7E", "#F05560"),
    *("#8D6D94", "#DE7EF4", "#52BFB9", "#80027C", "#41560A", "#B95569", "#3E4783", "#BCA978"),
    *("#AE1A69", "#68845A", "#8168BE", "#86281D", "#16556A", "#7993BE", "#DA5AB6", "#6965E6"),
    *("#9C51CC", "#B98184", "#82C11F", "#B078C9", "#C87F2C", "#1B5947", "#8D0E41", "#0278E7"),
    *("#FE7B94", "#F98942", "#86525A", "#96984B", "#65A08C", "#C79BBD", "#5229AA", "#5F4A1A"),
    *("#37A1B8", "#B2B209", "#D67161", "#613A72", "#47AB4F", "#D33D2C", "#D13760", "#9030A4"),
)
GREYS = {"uniform": "#9A9A9A", "popularity": "#555555", "oracle-growth": "#000000", "oracle-myopic": "#333333"}
_OFTEN_SEEN = (  # what most figures show has the colours that are told apart most easily
    *("ease-greedy", "ease-epsilon", "vae-thompson", "bootstrap-thompson", "logistic-greedy", "vae-greedy"),
    *("choice-greedy", "ease-novelty", "choice-thompson", "logistic-thompson", "vae-shuffled", "choice-hedged"),
    *("mf-thompson", "bootstrap-shuffled", "linear-ucb", "choice-lookahead", "mf-shuffled", "field-thompson"),
)


def colours(agents: tuple[str, ...]) -> dict[str, str]:
    """Return a colour for each agent.

    An agent that is shipped has the same one wherever it appears. One with settings of its own, or one's own agent, has
    one by its name, or the next that is free where the folder has another agent of that colour.
    """
    from serendip.agents import AGENTS

    shipped = [*_OFTEN_SEEN, *(name for name in AGENTS.names() if name not in _OFTEN_SEEN and name not in GREYS)]
    fixed = dict(zip(shipped, PALETTE, strict=False)) | GREYS
    picked = {agent: fixed[agent] for agent in agents if agent in fixed}
    for agent in sorted(set(agents) - set(picked)):
        taken = set(picked.values())
        first = zlib.crc32(agent.encode()) % len(PALETTE)
        turns = [PALETTE[(first + step) % len(PALETTE)] for step in range(len(PALETTE))]
        picked[agent] = next((colour for colour in turns if colour not in taken), turns[0])
    return {agent: picked[agent] for agent in agents}
