import os
import subprocess
import zlib
from pathlib import Path

import pytest
from pypdf import PdfWriter
from pypdf.annotations import Link
from pypdf.generic import (
    DecodedStreamObject,
    DictionaryObject,
    EncodedStreamObject,
    NameObject,
    NumberObject,
)

from paper2run.errors import UserError
from tasks.drivers.host.pdf import PdfText, PdfUnreadable, read_pdf
from tasks.paper import read_paper as read_paper_stage

read_paper = read_paper_stage.fn

PAGE_ONE = (
    "Folding Maps by Machine",
    "Abstract",
    "We fold maps. Our code is available at",
    "https://github.com/us/fold",
    "1 Introduction",
    "Maps are com-",
    "plicated.",
)
PAGE_TWO = ("2 Results", "It takes 3 seconds.")


FONT = DictionaryObject(
    {
        NameObject("/Type"): NameObject("/Font"),
        NameObject("/Subtype"): NameObject("/Type1"),
        NameObject("/BaseFont"): NameObject("/Helvetica"),
    }
)


def add_page(writer, stream):
    page = writer.add_blank_page(width=595, height=842)
    fonts = DictionaryObject({NameObject("/F1"): FONT})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    page[NameObject("/Contents")] = writer._add_object(stream)


def write_pdf(path, *pages, links=(), password="", title=""):
    writer = PdfWriter()
    for lines in pages:
        stream = DecodedStreamObject()
        shown = " ".join(f"({line}) Tj T*" for line in lines)
        stream.set_data(f"BT /F1 12 Tf 14 TL 72 770 Td {shown} ET".encode("latin-1"))
        add_page(writer, stream)
    for url in links:
        writer.add_annotation(0, Link(rect=(50, 550, 200, 650), url=url))
    if title:
        writer.add_metadata({"/Title": title})
    if password:
        writer.encrypt(user_password=password, algorithm="RC4-128")
    writer.write(path)
    return path


def write_packed(path, packed):
    """A PDF of one page whose content stream is the zlib data `packed`."""
    writer = PdfWriter()
    stream = EncodedStreamObject()
    stream._data = packed
    stream[NameObject("/Filter")] = NameObject("/FlateDecode")
    stream[NameObject("/Length")] = NumberObject(len(packed))
    add_page(writer, stream)
    writer.write(path)
    return path


def zeros_packed(size_bytes):
    packer = zlib.compressobj(9)
    block = bytes(1_000_000)
    return b"".join(packer.compress(block) for _ in range(size_bytes // 1_000_000)) + packer.flush()


def test_a_given_pdf_is_read_with_pages_sections_and_links(tmp_path):
    path = write_pdf(
        tmp_path / "p.pdf", PAGE_ONE, PAGE_TWO, links=["https://github.com/us/fold-maps"]
    )
    paper = read_paper(str(path), "")
    assert (paper.origin, paper.path, paper.pages) == ("given", str(path), 2)
    assert paper.title == "Folding Maps by Machine"
    found = [(section.heading, section.page) for section in paper.sections]
    assert found == [("", 1), ("Abstract", 1), ("1 Introduction", 1), ("2 Results", 2)]
    assert paper.sections[2].text == "Maps are complicated."
    assert paper.repository_urls == ("https://github.com/us/fold-maps",)
    assert len(paper.digest) == 64


def test_the_titles_of_the_metadata_win_where_they_are_titles(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", PAGE_ONE, title="On the Folding of Maps")
    assert read_paper(str(path), "").title == "On the Folding of Maps"
    path = write_pdf(tmp_path / "b.pdf", PAGE_ONE, title="main.dvi")
    assert read_paper(str(path), "").title == "Folding Maps by Machine"


def test_markdown_papers_are_read(tmp_path):
    path = tmp_path / "My Paper.MARKDOWN"
    path.write_bytes("\ufeff# Über Karten\r\n\r\n## Daten\r\nkeine\r\n".encode())
    paper = read_paper(str(path), "")
    assert paper.title == "Über Karten"
    assert [(section.heading, section.text) for section in paper.sections][-1] == ("Daten", "keine")


def refused(path):
    with pytest.raises(UserError) as caught:
        read_paper(str(path), "")
    assert caught.value.hint
    return caught.value.what


def test_an_encrypted_pdf_is_refused_in_words(tmp_path):
    assert "password" in refused(write_pdf(tmp_path / "p.pdf", PAGE_ONE, password="secret"))


def test_a_pdf_that_only_forbids_changes_is_read(tmp_path):
    writer = PdfWriter(clone_from=write_pdf(tmp_path / "p.pdf", PAGE_ONE))
    writer.encrypt(user_password="", owner_password="owner", algorithm="AES-256")
    writer.write(tmp_path / "q.pdf")
    assert read_paper(str(tmp_path / "q.pdf"), "").title == "Folding Maps by Machine"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.pdf", b"", "empty"),
        ("page.pdf", b"<html>404</html>", "not a PDF"),
        ("stub.pdf", b"%PDF-1.7\n%%EOF", "damaged"),
        ("empty.md", b"  \n", "empty"),
        ("binary.md", b"\x89PNG\0\0", "not text"),
        ("paper.docx", b"PK", "ends in .pdf, .md or .markdown"),
        ("paper", b"text", "ends in .pdf, .md or .markdown"),
    ],
)
def test_files_that_are_no_paper_are_refused_in_words(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    assert words in refused(path)


def test_what_is_no_file_is_refused_in_words(tmp_path):
    (tmp_path / "folder.pdf").mkdir()
    os.mkfifo(tmp_path / "pipe.pdf")
    assert "does not exist" in refused(tmp_path / "none.pdf")
    assert "is a folder" in refused(tmp_path / "folder.pdf")
    assert "device" in refused(tmp_path / "pipe.pdf")


def test_a_truncated_pdf_gives_its_text_or_a_reason(tmp_path):
    whole = write_pdf(tmp_path / "p.pdf", PAGE_ONE, PAGE_TWO).read_bytes()
    cut = tmp_path / "cut.pdf"
    for share in (0.2, 0.5, 0.9):
        cut.write_bytes(whole[: int(len(whole) * share)])
        assert isinstance(read_pdf(cut), PdfText | PdfUnreadable)
    assert isinstance(read_pdf(cut), PdfUnreadable)


def test_a_pdf_without_text_is_said_to_be_a_scan(tmp_path):
    assert "scan" in refused(write_pdf(tmp_path / "p.pdf", ()))


def test_only_the_first_pages_are_read_and_a_note_says_so(tmp_path):
    path = write_pdf(tmp_path / "p.pdf", *[(f"Page number {n}",) for n in range(5)])
    pdf = read_pdf(path, max_pages=2)
    assert isinstance(pdf, PdfText)
    assert [page.strip() for page in pdf.pages] == ["Page number 0", "Page number 1"]
    assert pdf.notes == ("only the first 2 of 5 pages were read",)


def test_a_stream_that_unpacks_to_six_hundred_times_its_size_does_no_harm(tmp_path):
    path = write_packed(tmp_path / "bomb.pdf", zeros_packed(600_000_000))
    assert path.stat().st_size < 1_000_000
    assert isinstance(read_pdf(path, timeout_s=60), PdfUnreadable)


def test_pages_read_before_the_time_was_over_are_kept(tmp_path):
    slow = write_packed(
        tmp_path / "slow.pdf", zlib.compress(b"BT /F1 1 Tf 0 0 Td " + b"(x) Tj " * 5_000_000)
    )
    writer = PdfWriter(clone_from=write_pdf(tmp_path / "p.pdf", PAGE_ONE))
    for _ in range(8):
        writer.append(slow)
    writer.write(tmp_path / "both.pdf")
    pdf = read_pdf(tmp_path / "both.pdf", timeout_s=5)
    assert isinstance(pdf, PdfText)
    assert pdf.pages[0].startswith("Folding Maps")
    assert len(pdf.pages) < 9
    assert "longer than 5 s" in pdf.notes[0]
    assert "of 9 pages were read" in pdf.notes[0]
    children = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert str(tmp_path) not in children.stdout


def repository(root, **files):
    for name, content in files.items():
        path = root / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return str(root)


def test_a_repositorys_own_paper_comes_before_its_readme(tmp_path):
    root = repository(
        tmp_path, README_DOT_md="# Tool\n", joss__paper_DOT_md="---\ntitle: The paper\n---\nText\n"
    )
    paper = read_paper("", root)
    assert (paper.origin, paper.path, paper.title) == (
        "repository paper",
        "joss/paper.md",
        "The paper",
    )


def test_papers_among_a_repositorys_data_are_not_its_own(tmp_path):
    root = repository(
        tmp_path, tests__data__paper_DOT_md="# Not it\n", ReadMe_DOT_rst="Tool\n====\nwhat\n"
    )
    paper = read_paper("", root)
    assert (paper.origin, paper.path, paper.title) == ("readme", "ReadMe.rst", "Tool")


def test_a_repositorys_unreadable_paper_is_a_note(tmp_path):
    root = repository(tmp_path, README_DOT_md="# Tool\n")
    write_pdf(Path(root) / "paper.pdf", PAGE_ONE, password="secret")
    paper = read_paper("", root)
    assert paper.origin == "readme"
    assert paper.notes == ("paper.pdf could not be used: encrypted: it asks for a password",)


def test_a_link_that_leads_out_of_the_repository_is_not_followed(tmp_path):
    (tmp_path / "outside.md").write_text("# Private\n")
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "paper.md").symlink_to(tmp_path / "outside.md")
    assert read_paper("", str(tmp_path / "repo")).origin == "none"
