"""Reading requests, routes and error responses."""
