"""Says why an interpreter can install no release of a distribution within given limits."""

from packaging.specifiers import SpecifierSet

from paper2run.index.releases import Project, wheel_tags
from paper2run.index.target_python import TargetPython


def why_none(
    project: Project | None, specifier: SpecifierSet, shown: str, target: TargetPython
) -> str:
    """Return the reason in one line; `shown` is the need as people write it."""
    name = shown.partition("[")[0]
    if project is None:
        return f"{name} is not on the index"
    fitting = [
        release
        for release in project.releases
        if specifier.contains(release.version, prereleases=True)
    ]
    fitting.sort(key=lambda release: release.version.is_prerelease)
    if not fitting:
        return f"no release of {project.name} fits {specifier}"
    tags = {tag for wheel in fitting[0].wheels for tag in wheel_tags(wheel)}
    here = sorted({tag.split("-")[0] for tag in tags if tag.endswith("-any") or "linux" in tag})
    elsewhere = "other systems alone" if tags else "nothing"
    return (
        f"no wheel of {shown} for Python {target.version}: "
        f"{fitting[0].version} has wheels for {', '.join(here) or elsewhere}"
    )
