"""A distributor's receiver as a process of its own: answers as told, writes down what came.

``python receiver.py FOLDER``: prints its port. The file ``FOLDER/status`` holds the status to answer with;
each request is appended to ``FOLDER/requests.jsonl``.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FOLDER = Path(sys.argv[1])


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = int((FOLDER / "status").read_text())
        line = {"status": status, "headers": dict(self.headers), "body": body.decode(), "path": self.path}
        with (FOLDER / "requests.jsonl").open("a") as kept:
            kept.write(json.dumps(line) + "\n")
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()
