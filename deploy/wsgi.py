"""The WSGI application as the local stack serves it."""

import signal

from django.core.wsgi import get_wsgi_application

from deploy.processes import end_with_parent

# A worker would outlive a granian that was killed, and keep the port.
end_with_parent(signal.SIGKILL)

application = get_wsgi_application()
