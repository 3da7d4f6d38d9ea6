"""A program of ours that outlives us is started once, however many ask for it at the same time."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tasks.drivers.host import daemon


def test_several_that_start_it_at_once_share_one_program_that_the_record_names(tmp_path: Path):
    pid_file = tmp_path / "program.pid"
    sleeps = [sys.executable, "-c", "import time; time.sleep(60)"]

    def start(_: int) -> int:
        return daemon.start(
            sleeps, cwd=tmp_path, log=tmp_path / "log", pid_file=pid_file, env=os.environ
        )

    with ThreadPoolExecutor(4) as pool:
        started = set(pool.map(start, range(4)))
    try:
        assert started == {daemon.running(pid_file)}
    finally:
        for pid in started:
            os.killpg(pid, 9)
            os.waitpid(pid, 0)
