"""The graph of a research object: repository, paper, image, tool, files, and the runs.

RO-Crate 1.1 with the profile Process Run Crate 0.5, which is one of 1.1.
https://www.researchobject.org/ro-crate/specification/1.1/, https://w3id.org/ro/wfrun/process/0.5
"""

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import quote

from paper2run.exports.citation import Author
from paper2run.exports.crate_actions import actions_of
from paper2run.exports.crate_entity import (
    REPOSITORY,
    TOOL,
    Entity,
    compact,
    given,
    moment,
    ref,
)
from paper2run.exports.crate_files import FROM_REPOSITORY, CrateFile
from paper2run.exports.run_record import DOI, RunRecord, is_archive, public_address
from paper2run.model.outcome import Built
from paper2run.text_gate import flat
from paper2run.verdicts.headlines import headline

VERSION: Final = "1.1"
CONTEXT: Final = "https://w3id.org/ro/terms/workflow-run/context"
PROFILE: Final = "https://w3id.org/ro/wfrun/process/0.5"
DOCKER_IMAGE: Final = "https://w3id.org/ro/terms/workflow-run#DockerImage"
SPDX: Final = "https://spdx.org/licenses/"
ORCID: Final = "https://orcid.org/"
LICENCE: Final = "#licence"
PAPER: Final = "#paper"
OF_PAPERS: Final = frozenset({"given", "repository paper"})
LICENCE_UNKNOWN: Final = (
    "Neither CITATION.cff nor a file at the repository's root names a licence."
    " Ask its authors before you reuse it."
)


class Graph:
    """The nodes of a run's crate."""

    def __init__(self, record: RunRecord, files: Sequence[CrateFile]) -> None:
        """Take the records, and the files as they lie in the crate."""
        self._record = record
        self._files = [file.path for file in files]
        self._address = public_address(record.checkout.url)
        self._repository = ref(self._address or REPOSITORY)
        licence = record.citation.licence
        self._licence = f"{SPDX}{licence}" if licence else self._licence_file() or LICENCE

    def root(self) -> Entity:
        """Return what the crate says of itself; the writer adds its files."""
        record, metadata = self._record, self._record.metadata
        name = flat(record.name)
        return Entity(
            "./",
            ("Dataset",),
            given(
                name=f"{name}: {headline(metadata)}",
                description=self._description(),
                datePublished=moment(metadata.ended_at or metadata.started_at),
                license=ref(self._licence),
                conformsTo=ref(PROFILE),
                about=self._repository,
                citation=ref(PAPER) if record.paper.origin in OF_PAPERS else None,
                mentions=compact(action.ref for action in self.actions()),
            ),
        )

    def entities(self) -> Iterator[Entity]:
        """Yield all other nodes that are no files, each once."""
        yield Entity(PROFILE, ("CreativeWork",), {"name": "Process Run Crate", "version": "0.5"})
        if not self._licence.startswith(FROM_REPOSITORY):
            yield self._licence_entity()
        yield from self._people()
        yield self._repository_entity()
        yield self._tool()
        if self._record.paper.origin in OF_PAPERS:
            yield self._paper()
        yield from self._images().values()
        yield from self.actions()

    def actions(self) -> tuple[Entity, ...]:
        """Return the runs."""
        images = {image_id: entity.ref for image_id, entity in self._images().items()}
        return actions_of(self._record, self._repository, images, self._files)

    def _description(self) -> str:
        metadata = self._record.metadata
        why = flat(metadata.reason).strip()
        return (
            f"What Paper2Run {metadata.versions.paper2run} did with {flat(self._record.name)} at commit"
            f" {self._record.checkout.commit}: the plan of its environment, the image builds, the runs with their logs,"
            f" and the verdict. Status {metadata.status}, grade {metadata.grade}."
            + (f" {why}" if why else "")
        )

    def _licence_file(self) -> str:
        beginnings = tuple(f"{FROM_REPOSITORY}{name}" for name in ("LICEN", "COPYING", "UNLICEN"))
        found = (path for path in self._files if path.upper().startswith(_upper(beginnings)))
        return quote(next(found, ""))

    def _licence_entity(self) -> Entity:
        name = self._record.citation.licence
        if name:
            return Entity(self._licence, ("CreativeWork",), {"name": name, "url": self._licence})
        words = {"name": "No licence is known", "description": LICENCE_UNKNOWN}
        return Entity(LICENCE, ("CreativeWork",), words)

    def _people(self) -> Iterator[Entity]:
        """Yield the authors, and the organisations that they belong to."""
        authors = self._authors()
        named = dict.fromkeys(author.affiliation for author in authors.values())
        places = {name: f"#affiliation-{at}" for at, name in enumerate(filter(None, named), 1)}
        for name, id_ in places.items():
            yield Entity(id_, ("Organization",), {"name": name})
        for id_, author in authors.items():
            types = ("Person",) if author.is_person else ("Organization",)
            place = places.get(author.affiliation)
            yield Entity(
                id_, types, given(name=author.name, affiliation=ref(place) if place else None)
            )

    def _authors(self) -> dict[str, Author]:
        """Return the authors by the ids of their nodes."""
        return {
            f"{ORCID}{author.orcid}" if author.orcid else f"#author-{number}": author
            for number, author in enumerate(self._record.citation.authors, start=1)
        }

    def _repository_entity(self) -> Entity:
        checkout, citation = self._record.checkout, self._record.citation
        swhids = [*filter(None, (checkout.swhid_revision, checkout.swhid_directory))]
        doi = [f"{DOI}{citation.doi}"] if citation.doi else []
        is_git = self._address and not is_archive(checkout.url)
        return Entity(
            self._repository["@id"],
            ("SoftwareSourceCode",),
            given(
                name=flat(checkout.name),
                alternateName=citation.title if citation.title != checkout.name else "",
                url=self._address,
                codeRepository=self._address if is_git else "",
                version=checkout.commit,
                identifier=compact([*swhids, *doi]),
                dateModified=moment(checkout.committed_at) if checkout.committed_at else "",
                license=ref(self._licence),
                author=compact(map(ref, self._authors())),
            ),
        )

    def _tool(self) -> Entity:
        versions = self._record.metadata.versions
        beside = {"Prefect": versions.prefect, "Python": versions.python, "": versions.engine}
        needed = ", ".join(f"{name} {it}".strip() for name, it in beside.items() if it)
        return Entity(
            TOOL,
            ("SoftwareApplication",),
            given(
                name="Paper2Run",
                description=f"Plans, builds and runs the environment of a research repository; rules {versions.rules}.",
                softwareVersion=versions.paper2run,
                softwareRequirements=flat(needed),
            ),
        )

    def _paper(self) -> Entity:
        paper = self._record.paper
        name = flat(paper.title) or flat(paper.path).rpartition("/")[2] or "The paper"
        return Entity(
            PAPER,
            ("ScholarlyArticle",),
            given(name=name, sha256=paper.digest, about=self._repository),
        )

    def _images(self) -> dict[str, Entity]:
        """Return the images that were built, by the engine's id."""
        metadata = self._record.metadata
        found: dict[str, Entity] = {}
        for attempt in self._record.attempts:
            built = attempt.built
            if isinstance(built, Built) and built.image_id not in found:
                is_pushed = built.image_id == metadata.image_id and bool(metadata.image_pushed)
                pushed = metadata.image_pushed if is_pushed else ""
                found[built.image_id] = _image(built, pushed, attempt.number)
        return found


def _image(built: Built, pushed: str, number: int) -> Entity:
    name, _, tag = (pushed or built.image).rpartition(":")
    registry, _, below = name.partition("/") if pushed else ("", "", name)
    # An image without a registry exists on the machine that built it alone: nothing to name.
    is_public = "." in registry.partition(":")[0] and not registry.startswith("127.")
    return Entity(
        f"#image-{number:02d}",
        ("ContainerImage", "SoftwareApplication", "CreativeWork"),
        given(
            name=flat(below if is_public or not pushed else built.image.rpartition(":")[0]),
            additionalType=ref(DOCKER_IMAGE),
            registry=registry if is_public else "",
            tag=flat(tag),
            softwareVersion=flat(tag),
            identifier=built.image_id,
            fileSize=str(built.size_bytes),
        ),
    )


def _upper(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(word.upper() for word in words)
