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
