"""Run by a test as a process of its own: the whole stack with the services named on the command line."""

import sys
from functools import partial

from deploy.local.services import ServiceSpec
from deploy.local.settings import LocalSettings
from deploy.local.stack import interrupt_on_signals, running_stack

SERVICE = """
import http.server, os
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()
    def log_message(self, *words):
        pass
http.server.HTTPServer(("127.0.0.1", int(os.environ["TRACKGATE_PORT"])), Health).serve_forever()
"""


say = partial(print, flush=True)  # its output is what the test reads


def service(name: str, port: int) -> ServiceSpec:
    return ServiceSpec(
        name=name,
        argv=(sys.executable, "-c", SERVICE if name != "broken" else "raise SystemExit('no model here')"),
        port=port,
        port_setting="TRACKGATE_TEST_PORT",
        env={"TRACKGATE_PORT": str(port)},
    )


def main() -> None:
    services = [service(name, int(port)) for name, port in (word.split("=") for word in sys.argv[1:])]
    with (
        interrupt_on_signals(),
        running_stack(LocalSettings.load(), services, say) as stack,
    ):
        for status in stack.statuses():
            say("up", status.name, status.pid)
        say("ready", stack.bootstrap_servers)
        stack.run_until_interrupted()


if __name__ == "__main__":
    main()
