"""HTTP metrics; the pipeline's are in ``broadcaster/metrics``."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("tocsin_http_requests", "Requests answered.", ("method", "route", "status"))
SECONDS = Histogram(
    "tocsin_http_request_seconds",
    "Seconds until a request was answered; streams count until they end.",
    ("route",),
    buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0),
)
OPEN = Gauge("tocsin_http_requests_open", "Requests being answered.")
