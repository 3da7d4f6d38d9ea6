"""What people have in hand of a paper, and where it is fetched from."""

import pytest

from paper2run.errors import UserError
from paper2run.papers.paper_address import paper_address, pdf_named_by


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("1706.03762", "https://arxiv.org/pdf/1706.03762"),
        ("arXiv:1706.03762v5", "https://arxiv.org/pdf/1706.03762v5"),
        ("https://arxiv.org/abs/1706.03762", "https://arxiv.org/pdf/1706.03762"),
        ("http://www.arxiv.org/pdf/1706.03762.pdf", "https://arxiv.org/pdf/1706.03762"),
        ("hep-th/9901001", "https://arxiv.org/pdf/hep-th/9901001"),
        ("10.48550/arXiv.1706.03762", "https://arxiv.org/pdf/1706.03762"),
        ("10.21105/joss.01035", "https://doi.org/10.21105/joss.01035"),
        ("doi:10.21105/joss.01035", "https://doi.org/10.21105/joss.01035"),
        ("https://doi.org/10.21105/joss.01035", "https://doi.org/10.21105/joss.01035"),
        ("https://lab.example/paper.pdf", "https://lab.example/paper.pdf"),
        ("paper.pdf", ""),
        ("papers/1706.03762.pdf", ""),
        ("/home/x/paper.md", ""),
        ("10.pdf", ""),
        ("2101.00001.pdf", ""),
        ("papers/2023001", ""),
        ("", ""),
    ],
)
def test_an_address_is_told_from_a_file(given: str, address: str) -> None:
    assert paper_address(given) == address


def test_a_secret_in_the_address_of_a_paper_is_refused() -> None:
    with pytest.raises(UserError, match="holds a login or a token"):
        paper_address("https://me:secret@lab.example/x.pdf")


def test_the_page_of_a_paper_names_its_pdf() -> None:
    page = '<meta content="/paper/1.pdf?a=1&amp;b=2" name="citation_pdf_url">'

    assert pdf_named_by(page, "https://j.example/p/1") == "https://j.example/paper/1.pdf?a=1&b=2"
    assert pdf_named_by('<meta name="citation_title" content="x">', "https://j.example") == ""
    unsafe = '<meta name="citation_pdf_url" content="file:///etc/passwd">'
    assert pdf_named_by(unsafe, "https://j.example") == ""
