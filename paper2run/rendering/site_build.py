"""The commands that build the image at a site with certificates, an index or a proxy of its own.

The Dockerfile names nothing of a site, so a plain build fails there. These lines build a copy of it that trusts the
site: they need a POSIX shell and any builder.
"""

from typing import Final

from paper2run.rendering.hash_lock import LOCK

PLACE: Final = "/usr/local/share/site-ca.pem"
"""In the image that these lines build, where the certificates stay."""
TRUST: Final = (
    "PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS",
)  # fmt: skip
ACCESS: Final = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "PIP_INDEX_URL")
"""Taken from the shell that builds, where they are set; builders know the first three."""
COPY: Final = """\
site=$(mktemp -d)
cp -RP Dockerfile .dockerignore {lock}repo "$site"
cp "${{SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}}" "$site/ca.pem"
echo '!ca.pem' >> "$site/.dockerignore"
awk '{{ print }} /^SHELL / {{ print "COPY ca.pem {place}\\nARG PIP_INDEX_URL"
  split("{trust}", names, " "); for (n in names) print "ARG " names[n] "={place}" }}' Dockerfile > "$site/Dockerfile"
docker build -t {image} {arguments} "$site"
rm -rf "$site\""""


def site_build(image: str, *, has_lock: bool) -> list[str]:
    """Return the section of INSTRUCTIONS.md on such a site."""
    commands = COPY.format(
        lock=f"{LOCK} " if has_lock else "",
        place=PLACE,
        trust=" ".join(TRUST),
        image=image,
        arguments=" ".join(f"--build-arg {name}" for name in ACCESS),
    )
    return [
        "At a site whose downloads need a certificate authority, an index or a proxy of its own, build with these lines"
        " instead. They take `SSL_CERT_FILE`, `PIP_INDEX_URL` and the proxies' variables from the shell, and leave the"
        " certificates and the address of the index in the image:",
        "",
        "```sh",
        commands,
        "```",
        "",
    ]
