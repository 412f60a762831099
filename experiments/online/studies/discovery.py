"""Does an agent that knows what it does not know help low-activity users discover, so that they become more active?"""

from serendip.experiments.online.studies import StudyCard
from serendip.experiments.online.study import Study

DISCOVERY = Study(
    name="discovery",
    agents=(
        "uniform",
        "popularity",
        "ease-greedy",
        "ease-epsilon",
        "ease-novelty",
        "vae-greedy",
        "vae-thompson",
        "vae-shuffled",
        "bootstrap-thompson",
        "oracle-growth",  # no agent: what could be reached by who knows everything
    ),
    reference="ease-greedy",
    seeds=5,
    days=240,
)

CARD = StudyCard(
    name="discovery",
    summary="Do agents that know what they do not know help low-activity users become more active?",
    make=Study,
    settings=DISCOVERY,
    small={"agents": ["uniform"], "seeds": 1, "days": 2, "world": "tiny"},
)
