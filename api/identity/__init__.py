"""Know who somebody is: users, sessions, keys of machines, and accounts of an OIDC provider."""
