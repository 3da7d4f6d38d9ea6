"""Finds the jobs of continuous integration that run scripts, each with its steps in order.

What a job installs, sets and calls becomes part of plans in `planning/ci_test_job.py` and `planning/ci_recipe.py`.
"""

from collections.abc import Iterable
from typing import Final

from paper2run.commands.github_jobs import github_jobs
from paper2run.commands.other_ci_jobs import other_ci_jobs
from paper2run.commands.travis_jobs import travis_jobs
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Fact

NAME: Final = "ci_jobs"

MAX_JOBS: Final = 60
"""Jobs of one repository; the largest projects have some hundred, most for other systems."""


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield the jobs that run at least one script: GitHub's first, the service that is in use most."""
    found = [*github_jobs(tree), *travis_jobs(tree), *other_ci_jobs(tree)]
    yield from [job for job in found if any(step.form == "run" for step in job.steps)][:MAX_JOBS]
