"""The database backend: cheap health checks, and passwords from AWS Secrets Manager."""
