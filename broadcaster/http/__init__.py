"""The API: its route table, guards, and the models that validate and document it; one file per resource."""
