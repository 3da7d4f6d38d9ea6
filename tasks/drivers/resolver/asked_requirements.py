"""Collects what a plan's install steps ask for: required, optional, left out and changed requirements."""

from typing import Final

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from paper2run.index.releases import instead_of_gone
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.resolution import BrokenLock
from paper2run.model.value import Source
from paper2run.rendering.pip_steps import plan_requirements
from tasks.drivers.index.package_index import PackageIndex

IMAGE_OWN: Final = frozenset({"pip"})
"""The installer stays the image's own: an older one would not know the wheels that were chosen for it."""


def name_of(text: str) -> NormalizedName:
    """Return the normalised name of the distribution that a requirement names."""
    return canonicalize_name(Requirement(text).name)


class AskedRequirements:
    """The requirements of one plan."""

    def __init__(self, planned: PlannedEnvironment, index: PackageIndex) -> None:
        self._index = index
        texts = plan_requirements(planned.plan)
        own = [text for text in texts if name_of(text) in IMAGE_OWN]
        self.account = [f"{text}: the image's own is kept" for text in own]
        """What was left out or changed, and why; one line each."""
        self.gone: list[BrokenLock] = []
        """Exact releases that the index does not have, each with the one in its place."""
        rank = {name: place for place, name in enumerate(planned.optional)}
        optional = [text for text in texts if name_of(text) in rank]
        self.required = [text for text in texts if text not in own and text not in optional]
        self.optional = sorted(optional, key=lambda text: -rank[name_of(text)])
        """Most trusted first."""

    @property
    def all(self) -> tuple[str, ...]:
        """Needed and optional ones."""
        return (*self.required, *self.optional)

    def drop_missing(self) -> tuple[str, ...]:
        """Drop each name that the index does not have, and return these names; it costs them only."""
        names = [name_of(text) for text in self.all]
        projects = self._index.in_parallel(self._index.project, names)
        absent: list[str] = []
        for text, name, found in zip(self.all, names, projects, strict=True):
            if found is None or not found.releases:
                self.drop(text, "not on the index")
                absent.append(name)
        return tuple(sorted(set(absent)))

    def replace_gone_releases(self) -> None:
        """Replace an exact release that the index lacks by the nearest one."""
        for texts in (self.required, self.optional):
            for place, text in enumerate(texts):
                wanted = Requirement(text)
                project = self._index.project(canonicalize_name(wanted.name))
                nearest = instead_of_gone(project, wanted.specifier) if project else None
                if nearest is None:
                    continue
                self.gone.append(
                    BrokenLock(
                        wanted=text,
                        chosen=str(nearest),
                        why="the index has no such release, and that one is nearest",
                        source=Source(kind="index"),
                        gone=True,
                    )
                )
                wanted.specifier = SpecifierSet(f"=={nearest}")
                texts[place] = str(wanted)

    def drop(self, text: str, why: str) -> None:
        """Leave a requirement out, and say why in the account."""
        (self.optional if text in self.optional else self.required).remove(text)
        self.account.append(f"{text}: {why}")
