"""Hardware that a README lists among what is required."""

import pytest

from paper2run.detectors.stated_hardware import detect
from paper2run.formats.tree import RepoTree


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("## Requirements\n\n* four machines on an InfiniBand fabric\n", {"InfiniBand or RDMA network cards": True}),
        ("## Cluster\n\n### Prerequisites\n\n* a SmartNIC\n", {"a SmartNIC": True}),
        ("## Prerequisites\n\n### Hardware\n\n- A rooted iOS device\n\n## Use\n\nAn FPGA helps.\n",
         {"an Apple device": True}),
        ("## Environment\n\nIt requires Intel Optane memory. We ran it on two sockets.\n", {"persistent memory": True}),
        ("## Environment\n\nWe ran it with Intel Optane memory.\n", {"persistent memory": False}),
        ("## Hardware\n\n* (Optional) a CPU with SGX\n\n## Requirements\n\n* the SGX SDK\n", {"Intel SGX": False}),
        ("## Hardware\n\n* tested on an Alveo card\n", {"an FPGA": False}),
        ("## Requirements\n\n* GPUs or TPUs, or any other device\n", {"a TPU": False}),
        ("# A model of RDMA networks\n\nIt requires RDMA in theory.\n\n## Install\n\nUse pip.\n", {}),
        ("## Requirements\n\n```\npip install rdma\n```\n", {}),
    ],
)  # fmt: skip
def test_hardware_counts_where_a_section_asks_for_it(tmp_path, text, needs):
    (tmp_path / "README.md").write_text(text)

    found = {one.what: one.hard for one in detect(RepoTree.of(tmp_path))}

    assert found == needs
