"""Who is calling: the CDS Clients of a deployment, their keys, and the tokens that they sign."""
