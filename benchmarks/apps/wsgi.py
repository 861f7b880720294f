"""A Django project as Django itself serves it."""

import signal

from django.core.wsgi import get_wsgi_application

from deploy.processes import end_with_parent

end_with_parent(signal.SIGKILL)

application = get_wsgi_application()
