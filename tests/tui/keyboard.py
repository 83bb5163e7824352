"""Keys, prompts and the mouse in a real pty."""
from terminal import test


@test
def a_prompt_recalls_what_was_entered_in_another_use(start):
    for _ in range(2):
        t = start()
        t.send(":messages\r")
        t.wait_for(rb"nothing was said")
        t.read()
        t.send("Q")
        assert t.wait() == 0, "exit status"
    t = start()
    t.send(":\x1b[A")
    t.wait_for(rb"essages")
    t.send("\r")
    t.wait_for(rb"nothing was said")
    t.send("\x1b")
    t.read()
    t.send("q")
    assert t.wait() == 0, "exit status"


def click(t, x, y):
    t.send(f"\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m")


@test
def the_mouse_is_off_unless_asked(start):
    t = start()
    assert b"\x1b[?1000h" not in t.out and b"\x1b[?1006h" not in t.out, "it is on"
    t.send("q")
    assert t.wait() == 0, "exit status"


@test
def the_mouse_selects_opens_and_is_given_back(start):
    t = start("runs", "state:failed", WEIR_MOUSE="yes")
    assert t.out.count(b"\x1b[?1000h\x1b[?1006h") == 1, "it is not asked for"
    before = len(t.out)
    click(t, 10, 5)
    click(t, 10, 5)
    t.wait_for(rb"show [0-9a-f]{8}")
    t.send("\x1b[<65;3;5M\x1b[<64;3;5M")
    t.read()
    assert b"\x1b[<" not in t.out[before:], "echoed"
    t.send("Q")
    assert t.wait() == 0, "exit status"
    assert t.out.rfind(b"\x1b[?1006l\x1b[?1000l") > t.out.rfind(b"\x1b[?1000h"), "still on"
    t.restored()


@test
def the_mouse_is_given_back_to_the_shell_and_by_a_crash(start):
    import os
    import signal
    t = start(WEIR_MOUSE="1", SHELL="/bin/sh", PAGER="cat")
    t.send("!")
    t.wait_for(rb"any key goes back")
    assert t.out.rfind(b"\x1b[?1000l") > t.out.rfind(b"\x1b[?1000h"), "on in the shell"
    t.send("x")
    t.wait_for(rb"(?s)\x1b\[\?1000l.*\x1b\[\?1000h")
    t.read()
    os.kill(t.pid, signal.SIGSEGV)
    assert t.wait() != 0, "a crash is no success"
    assert t.out.rfind(b"\x1b[?1000l") > t.out.rfind(b"\x1b[?1000h"), "on after a crash"
    t.restored()
