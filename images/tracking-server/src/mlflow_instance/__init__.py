"""What one MLflow instance adds to MLflow's own server."""
