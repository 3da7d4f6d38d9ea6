"""Ends the program in order when it is interrupted, wherever the signal meets it.

A signal's handler raises KeyboardInterrupt in the main thread. Inside a destructor or the callback of a weak
reference Python prints that exception and goes on as if nobody had interrupted it. A thread then sends the signal
once more.
"""

import os
import signal
import sys
import threading
import time
from typing import Final

ENDINGS: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""Signals that end a program without a word to its containers; Ctrl-C's SIGINT raises by itself."""
AGAIN_S: Final = 0.1
"""A destructor is done by then; one that is not loses the exception again, and the signal comes again."""


def raise_when_ended() -> None:
    """Let signals that end this program raise KeyboardInterrupt in its main thread, until it is caught.

    For the main thread to call. A signal that the starter has this program ignore stays ignored.
    """
    for ending in ENDINGS:
        # A user who starts us with nohup wants the run to outlive the terminal.
        if signal.getsignal(ending) is not signal.SIG_IGN:
            signal.signal(ending, signal.default_int_handler)
    woken, wake = os.pipe()
    threading.Thread(target=_send_again, args=(woken,), daemon=True).start()
    others = sys.unraisablehook

    def hook(lost: "sys.UnraisableHookArgs") -> None:
        if issubclass(lost.exc_type, KeyboardInterrupt):
            # A pipe, because the code that was interrupted may hold any lock of Python's.
            os.write(wake, b"!")
        else:
            others(lost)

    sys.unraisablehook = hook


def _send_again(woken: int) -> None:
    while os.read(woken, 1):
        time.sleep(AGAIN_S)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
