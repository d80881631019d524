"""What comes in and what goes out, as models: they validate, and they are the OpenAPI document."""
