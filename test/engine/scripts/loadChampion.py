"""Loads a registered model by its alias, as any client does, and prints what it predicts."""

import json
import sys

import mlflow

print(json.dumps(mlflow.pyfunc.load_model(sys.argv[1]).predict([1, 2, 21])))
