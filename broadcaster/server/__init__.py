"""Joins the API's and the pages' routes into one application."""
