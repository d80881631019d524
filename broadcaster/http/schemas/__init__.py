"""Models of requests and answers: they validate, and generate the OpenAPI document."""
