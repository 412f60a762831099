"""Where does uncertainty help, where does mere variety, and where is greed best?"""

from serendip.experiments.online.studies import StudyCard
from serendip.experiments.online.study import Study

CARD = StudyCard(
    name="uncertainty",
    summary="Where true doubts help more than blind variety of the same size, world by world; each side tuned alike.",
    make=Study,
    protocol="serendip.experiments.uncertainty.run:run_protocol",
)
