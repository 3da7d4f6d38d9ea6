import nox

VERSIONS = ["3.9", "3.10"]


@nox.session(python=VERSIONS)
def tests(session):
    session.install(".", "pytest", "numpy>=1.20")
    session.install("-c", "limits.lock", "attrs")
    session.run("pytest", "-q", *session.posargs)


@nox.session
def lint(session):
    session.install("ruff")
    session.run("ruff", "check")
