"""The API: one route table, its guards, the models that validate and document it, one file per resource."""
