module mlflow-instances/toolchain/pause

go 1.25.0
