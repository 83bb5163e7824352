#!/usr/bin/env python3
"""A server that repeats what it was sent in an error, as badly made proxies do.

Usage: echo_server.py STATUS [LOCATION]    prints its port; one request a line on stderr
"""
import http.server
import json
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        print(self.path, dict(self.headers), file=sys.stderr, flush=True)
        body = json.dumps({"detail": str(dict(self.headers))}).encode()
        self.send_response(int(sys.argv[1]))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for where in sys.argv[2:]:
            self.send_header("Location", where)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_CONNECT = do_GET

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
