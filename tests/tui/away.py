"""A server that goes away while the menu shows what it said, and comes back."""
import os
import re
import socket
import subprocess
import sys
import tempfile

from terminal import test

FAKE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib", "fake_prefect.py")


def serve(port):
    server = subprocess.Popen([sys.executable, FAKE, "--runs", "20", "--port", str(port)],
                              stdout=subprocess.PIPE, text=True)
    return server, re.search(r"http://\S+", server.stdout.readline())[0]


def end(server):
    server.kill()
    server.wait()
    server.stdout.close()


@test
def a_server_that_goes_away_is_said_soon_and_so_is_its_return(start):
    # its port is nobody else's while it is away: who does not listen lets it listen there
    place = socket.socket()
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.bind(("127.0.0.1", 0))
    server, address = serve(place.getsockname()[1])
    try:
        with tempfile.TemporaryDirectory() as cache:
            t = start("runs", online=True, PREFECT_API_URL=address, XDG_CACHE_HOME=cache)
            t.wait_for(rb"now|s ago")
            t.read(1)
            end(server)
            t.wait_for(rb"OFFLINE since \d\d:\d\d", 12)
            before = len(t.out)
            server, _ = serve(place.getsockname()[1])
            t.send("R")
            t.wait_for(rb"(?s)OFFLINE.*(now|s ago)")
            t.send(":messages\r")
            t.wait_for(rb"the server answers again")
            assert b"Connection refused" in t.out[before:], "why is not kept"
            t.send("Q")
            assert t.wait() == 0, "exit status"
    finally:
        end(server)
        place.close()
