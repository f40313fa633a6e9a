"""The instance's maintenance commands. None of them imports MLflow: they need a tenth of its memory and start in a second."""
