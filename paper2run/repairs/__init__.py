"""Repairs: one module per known failure. The first answer wins, so their order is a decision."""

from collections.abc import Collection
from typing import Final, Protocol

from paper2run.commands.command_purpose import runs_tests
from paper2run.failures.failed_attempt import FailedAttempt
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.outcome import SmokeFailed
from paper2run.repairs import (
    absent_header,
    absent_module,
    advised_package,
    bootstrapped_setuptools,
    broken_source,
    build_tools,
    dead_link,
    external_service,
    failed_address,
    failed_source_build,
    go_before_modules,
    library_too_new,
    locale_missing,
    matlab_alone,
    missing_compiler,
    missing_data,
    missing_folder,
    missing_header,
    missing_module,
    missing_program,
    missing_r_package,
    missing_shared_library,
    missing_std_header,
    module_elsewhere,
    name_of_another_release,
    needs_gpu,
    no_display,
    no_network_at_build,
    no_python_left,
    no_such_release,
    old_compiler_flags,
    old_java_level,
    other_platform,
    out_of_disk,
    out_of_memory,
    pytest_drift,
    python2_source,
    resolver_conflict,
    timed_out,
    unattended_command,
    unbound_name,
    unbuildable_project,
    unknown_user,
    unpublished_npm_package,
    unset_variable,
    unsupported_python,
    unwritable_package,
    wrong_directory,
)


class Repair(Protocol):
    """What a module in this package provides."""

    NAME: str

    def repair(self, failed: FailedAttempt) -> Diagnosis | None:
        """Return a whole new plan or a stop with proof; None where this is not the failure it knows."""
        ...


# The engine's own word first; then signs of the interpreter before libraries and missing modules, since `urllib2` and
# `fractions.gcd` are both; what the index lacks for every interpreter after that. CUDA's own files and those of other
# systems come before those that Debian has; build tools and libraries too new before a missing module, since
# `pkg_resources` and `sklearn.externals.joblib` are both; a module that the checkout holds before it is called
# absent; a bootstrap script before the network that it asks; shells also miss programs that are not needed, so these
# come late. A package is left out only where nothing is known that would build it, the project's own install
# likewise, and a build stops for want of a host only where nothing can be left out. A command is changed only where
# nothing is known that would make it run: first its folder, then how it is fed; before that comes a folder that it
# writes into. A service comes before the network and the words by which it is asked, and after a variable that any
# value serves. Missing files come last, since logs hold such lines for many reasons. A stop ends the run only where
# the other commands in the same image show too little: verdicts/table.py.
REPAIRS: tuple[Repair, ...] = (
    out_of_memory,
    out_of_disk,
    timed_out,
    python2_source,
    unsupported_python,
    resolver_conflict,
    missing_compiler,
    missing_std_header,
    old_compiler_flags,
    old_java_level,
    go_before_modules,
    unpublished_npm_package,
    matlab_alone,
    other_platform,
    needs_gpu,
    missing_shared_library,
    missing_header,
    absent_header,
    no_display,
    locale_missing,
    unknown_user,
    pytest_drift,
    bootstrapped_setuptools,
    build_tools,
    library_too_new,
    name_of_another_release,
    missing_module,
    advised_package,
    module_elsewhere,
    absent_module,
    missing_r_package,
    missing_program,
    failed_source_build,
    failed_address,
    no_such_release,
    unbuildable_project,
    dead_link,
    no_network_at_build,
    unset_variable,
    external_service,
    missing_folder,
    unwritable_package,
    wrong_directory,
    unattended_command,
    broken_source,
    unbound_name,
    no_python_left,
    missing_data,
)


# Of failed tests only what is not there at all is taken for a fault of the environment: that a version, a compiler
# or an interpreter is wrong, or that something cannot be had, a single test does not prove.
FOR_FAILED_TESTS: Final[tuple[Repair, ...]] = (
    missing_shared_library,
    no_display,
    locale_missing,
    unknown_user,
    pytest_drift,
    name_of_another_release,
    missing_module,
    advised_package,
    module_elsewhere,
    missing_r_package,
    missing_program,
    unset_variable,
    missing_folder,
    unwritable_package,
)


def diagnose(failed: FailedAttempt, barred: Collection[str] = ()) -> Diagnosis | None:
    """Return the first rule's answer; None where all abstain.

    `barred` holds the digests of plans that were tried and failed: a rule that asks for one of them is skipped. Failed
    tests get repairs that add something, and never a stop, where other commands can be tried.
    """
    tests_failed = _tests_failed(failed)
    for rule in FOR_FAILED_TESTS if tests_failed else REPAIRS:
        found = rule.repair(failed)
        if found is None:
            continue
        plan = found.decision.new_plan
        if not tests_failed if plan is None else plan.digest not in barred:
            return found
    return None


def _tests_failed(failed: FailedAttempt) -> bool:
    """Whether tests failed where other commands can be tried.

    Failed tests do not prove that something cannot be had.
    """
    return (
        isinstance(failed.failure, SmokeFailed)
        and bool(failed.planned.weaker_smokes)
        and runs_tests(failed.plan.smoke_command)
    )
