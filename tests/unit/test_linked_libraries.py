"""What ldd prints, read: libraries that are missing, and those that a wheel brings by itself."""

from paper2run.failures.linked_libraries import MARK, missing_libraries

PRINTED = f"""\
/bin/sh:
\tlinux-vdso.so.1 (0x00007ffc)
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f1)
/usr/local/lib/python3.9/site-packages/cv2/cv2.abi3.so:
\tlibGL.so.1 => not found
\tlibgthread-2.0.so.0 => not found
\tlibQt5Core-1.so.5 => not found
/usr/local/lib/python3.9/site-packages/other/_x.so:
\tlibGL.so.1 => not found
/usr/local/bin/script:
\tnot a dynamic executable
{MARK}
cv2.abi3.so
libQt5Core-1.so.5
"""


def test_libraries_are_missing_that_no_file_of_the_image_brings():
    found = missing_libraries(PRINTED)

    assert [library.name for library in found] == ["libGL.so.1", "libgthread-2.0.so.0"]
    assert found[0].needed_by == "/usr/local/lib/python3.9/site-packages/cv2/cv2.abi3.so"


def test_a_look_that_was_ended_before_its_mark_still_says_what_it_found():
    cut = PRINTED.partition(MARK)[0]
    assert "libGL.so.1" in {library.name for library in missing_libraries(cut)}
    assert missing_libraries("") == ()
