"""HTTP below the client: bodies, connections and the transport."""
