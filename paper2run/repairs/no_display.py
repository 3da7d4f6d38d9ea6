"""Lets programs that open windows run without a display.

Reads Tk (`no display name and no $DISPLAY`), Qt (`Could not load the Qt platform plugin "xcb"`), SDL (`No available
video device`), GTK and X11 (`cannot open display`), pyglet, Java (`HeadlessException`), and matplotlib's refusal of an
interactive backend. A variable where the toolkit has one for this; else a virtual X server around the smoke command.
"""

import re
import shlex
from typing import Any, Final

from paper2run.failures.failed_attempt import FailedAttempt, repaired, with_env, with_packages
from paper2run.failures.failure_log import last_hit
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.environment import EnvPlan
from paper2run.model.outcome import SmokeFailed

NAME: Final = "no_display"
TK: Final = re.compile(r"no display name and no \$DISPLAY|couldn't connect to display")
QT: Final = re.compile(
    r"[Cc]ould not load the Qt platform plugin|qt\.qpa\.\S+: .*(?:display|xcb)|QXcbConnection: Could not connect"
)
SDL: Final = re.compile(
    r"(?:pygame\.error|SDL\w*)\b.*(?:No available video device|not initialized)"
)
OTHERS: Final = re.compile(
    r"[Cc]annot open display|[Cc]ould not (?:open|connect to) display|NoSuchDisplayException|HeadlessException"
    r"|No X11 DISPLAY variable|which requires the '\w+' interactive framework, as 'headless' is currently running"
    r"|Gtk couldn't be initialized|X11: The DISPLAY environment variable is missing"
)
MATPLOTLIB: Final = "/matplotlib/"
XVFB: Final = ("xauth", "xvfb")
XVFB_RUN: Final = "xvfb-run -a "


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with the toolkit's off-screen variable set, else with a virtual X server.

    The server serves where the variable is already set or the toolkit has none.
    """
    if not isinstance(failed.failure, SmokeFailed):
        return None
    hit = last_hit(failed.lines, TK, QT, SDL, OTHERS)
    if hit is None:
        return None
    changes, why = _virtual_server(failed.plan), "a virtual X server stands in for the display"
    for pattern, name, value in (
        (QT, "QT_QPA_PLATFORM", "offscreen"),
        (SDL, "SDL_VIDEODRIVER", "dummy"),
        (TK, "MPLBACKEND", "Agg"),
    ):
        is_toolkit = pattern.search(hit.line) is not None
        if pattern is TK:
            # Tk itself cannot do without; matplotlib only chose it for want of another order.
            is_toolkit = is_toolkit and any(MATPLOTLIB in line for line in failed.lines)
        if is_toolkit and name not in failed.plan.env:
            changes = with_env(failed.plan, **{name: value})
            why = f"{name}={value} draws without a display"
            break
    return repaired(failed, NAME, changes, reason=why, evidence=hit.line)


def _virtual_server(plan: EnvPlan) -> dict[str, Any]:
    """Return the change that wraps the smoke command; none for a command that is wrapped already."""
    if plan.smoke_command.startswith(XVFB_RUN):
        return {}
    wrapped = XVFB_RUN + shlex.join(["sh", "-c", plan.smoke_command])
    return {**with_packages(plan, *XVFB), "smoke_command": wrapped}
