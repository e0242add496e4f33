"""What every HTTP service is dressed in: problem details, probes, security headers, serving."""

from shared.http.probes import Check, NotReady, Ready, probes
from shared.http.problem import FieldError, Problem, ProblemError, ProblemResponse, install_problem_handlers
from shared.http.security_headers import SecurityHeaders
from shared.http.serving import listen, serve
from shared.http.telemetry import TELEMETRY

__all__ = [
    "TELEMETRY",
    "Check",
    "FieldError",
    "NotReady",
    "Problem",
    "ProblemError",
    "ProblemResponse",
    "Ready",
    "SecurityHeaders",
    "install_problem_handlers",
    "listen",
    "probes",
    "serve",
]
