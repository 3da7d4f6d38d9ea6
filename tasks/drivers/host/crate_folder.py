"""Writes a research object into a folder, with the library of its standard.

https://github.com/ResearchObject/ro-crate-py. The library is the extra `export` and is imported where it is used.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from paper2run.exports.crate import CONTEXT, VERSION
from paper2run.exports.crate_entity import Entity


def write_graph(
    folder: Path, root: Entity, entities: Iterable[Entity], files: Mapping[str, Entity]
) -> None:
    """Write `ro-crate-metadata.json` into the folder, which already holds the files.

    `files` are their nodes by path below the folder.
    """
    from rocrate.model.contextentity import ContextEntity
    from rocrate.rocrate import ROCrate

    crate = ROCrate(version=VERSION)
    crate.metadata.extra_contexts.append(CONTEXT)
    for name, value in root.properties.items():
        crate.root_dataset[name] = value
    for path, entity in files.items():
        crate.add_file(folder / path, dest_path=path, properties=entity.properties)
    for entity in entities:
        types = entity.types[0] if len(entity.types) == 1 else list(entity.types)
        properties = {"@type": types, **entity.properties}
        crate.add(ContextEntity(crate, entity.id, properties=properties))
    crate.metadata.write(folder)
