"""Lets programs that open windows run without a display.

Reads Tk (`no display name and no $DISPLAY`), Qt (`Could not load the Qt platform plugin "xcb"`), SDL (`No available
video device`), GTK and X11 (`cannot open display`), pyglet, Java (`HeadlessException`), and matplotlib's refusal of an
interactive backend. A variable where the toolkit has one for this; else a virtual X server around the smoke command.
OpenCV's build without windows (`The function is not implemented. Rebuild the library with Windows, GTK+`) gives way to
the one with them.
"""

import re
import shlex
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from paper2run.failures.failed_attempt import FailedAttempt, repaired, with_env, with_packages
from paper2run.failures.failure_log import last_hit
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.environment import EnvPlan
from paper2run.model.outcome import SmokeFailed
from paper2run.rendering.pip_steps import instead_of, plan_requirements

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
NO_WINDOWS: Final = re.compile(
    r"The function is not implemented\. Rebuild the library with Windows, GTK\+"
)
HEADLESS: Final = "-headless"
"""Ends the names of OpenCV's builds without windows."""
MATPLOTLIB: Final = "/matplotlib/"
XVFB: Final = ("xauth", "xvfb")
XVFB_RUN: Final = "xvfb-run -a "


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with the toolkit's off-screen variable set, else with a virtual X server.

    The server serves where the variable is already set or the toolkit has none.
    """
    if not isinstance(failed.failure, SmokeFailed):
        return None
    refused = last_hit(failed.lines, NO_WINDOWS)
    if refused is not None:
        return repaired(
            failed,
            NAME,
            _virtual_server(_with_windows(failed.plan)),
            reason="the code opens windows: OpenCV's build with them, before a virtual X server",
            evidence=refused.line,
        )
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


def _with_windows(plan: EnvPlan) -> EnvPlan:
    for text in plan_requirements(plan):
        name = canonicalize_name(Requirement(text).name)
        if name.startswith("opencv-") and name.endswith(HEADLESS):
            asked = Requirement(text)
            asked.name = name.removesuffix(HEADLESS)
            plan = instead_of(plan, name, str(asked))
    return plan


def _virtual_server(plan: EnvPlan) -> dict[str, Any]:
    """Return the change that wraps the smoke command; none for a command that is wrapped already."""
    if plan.smoke_command.startswith(XVFB_RUN):
        return {"install_steps": plan.install_steps}
    wrapped = XVFB_RUN + shlex.join(["sh", "-c", plan.smoke_command])
    return {
        **with_packages(plan, *XVFB),
        "install_steps": plan.install_steps,
        "smoke_command": wrapped,
    }
