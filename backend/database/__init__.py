"""The database backend: cheap health checks, and users and passwords from AWS Secrets Manager."""
