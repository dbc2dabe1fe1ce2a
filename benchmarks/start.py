"""Start a client in a fresh interpreter, and see how long that takes: to import it and to make it ready, and until the
server has a first event.

    python start.py sentry-sdk 8000

Prints the seconds to be ready, and the moment, on the monotonic clock, at which it began; the server knows when the event
came. Nothing is imported here that an interpreter doesn't have anyway, so that each client pays for all that it needs.
"""

import sys
import time

PROGRAMS = {
    "raven": (
        "from raven import Client; client = Client(f'http://public@127.0.0.1:{port}/1')",
        "client.capture_message(text); client.flush()",
    ),
    "raven 6.10": (
        "from raven import Client; client = Client(f'http://public:secret@127.0.0.1:{port}/1')",
        "client.captureMessage(text); client.remote.get_transport().get_worker().stop()",
    ),
    "sentry-sdk": (
        "import sentry_sdk; sentry_sdk.init(f'http://public@127.0.0.1:{port}/1')",
        "sentry_sdk.capture_message(text); sentry_sdk.flush()",
    ),
    "bugsnag": (
        "import bugsnag; address = f'http://127.0.0.1:{port}'; bugsnag.configure(api_key='0' * 32, endpoint=address, "
        "session_endpoint=address, auto_capture_sessions=False)",
        "bugsnag.notify(Exception(text)); bugsnag.legacy.default_client.flush(5000)",
    ),
    "rollbar": (
        "import rollbar; rollbar.init('0' * 32, 'production', endpoint=f'http://127.0.0.1:{port}/api/1/')",
        "rollbar.report_message(text); rollbar.wait()",
    ),
    "elastic-apm": (
        "import elasticapm; client = elasticapm.Client(service_name='bakery', server_url=f'http://127.0.0.1:{port}', "
        "central_config=False, cloud_provider='none', metrics_interval='0s')",
        "client.capture_message(text); client._transport.flush()",
    ),
    "opentelemetry": (
        "from opentelemetry.sdk._logs import LoggerProvider; "
        "from opentelemetry.sdk._logs.export import BatchLogRecordProcessor; "
        "from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter; "
        "provider = LoggerProvider(); exporter = OTLPLogExporter(endpoint=f'http://127.0.0.1:{port}/v1/logs'); "
        "provider.add_log_record_processor(BatchLogRecordProcessor(exporter)); logger = provider.get_logger('bakery')",
        "logger.emit(body=text); provider.force_flush(5000)",
    ),
}
"""What makes a client ready, and what sends a first message, by its name."""

if __name__ == "__main__":
    begin, send = (compile(source, "start", "exec") for source in PROGRAMS[sys.argv[1]])
    names = {"port": int(sys.argv[2]), "text": "The oven has gone out, event-no-0"}
    began, before = time.monotonic(), time.perf_counter()
    exec(begin, names)
    print(time.perf_counter() - before, began)
    exec(send, names)
