"""The WSGI application as the local stack serves it."""

import signal

from deploy.processes import end_with_parent

# A worker would outlive a granian that was killed, and keep the port.
end_with_parent(signal.SIGKILL)

from backend.wsgi import application  # noqa: E402, F401  # it takes seconds to load
