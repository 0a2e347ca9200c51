"""The wiring of the site: settings, addresses, servers. No behaviour lives here."""
