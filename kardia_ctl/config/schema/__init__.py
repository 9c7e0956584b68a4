"""The JSON Schema of a configuration: building it, checking against it, wording its errors."""
