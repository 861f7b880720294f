"""The database backend for production, whose password is in AWS Secrets Manager."""
