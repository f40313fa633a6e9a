// Where the engine enters the package (package.json "main"). Not index.ts: Pulumi's plugin runner
// sends a required .ts file through ts-node, while Node loads the modules behind this one itself
// and only strips their types. The package has a name of its own, whatever npm calls the folder.
import { componentProviderHost } from "@pulumi/pulumi/provider/experimental/index.js";
import { DatabaseServer, MlflowInstance } from "./index.ts";

void componentProviderHost({
  name: "mlflow-instances",
  dirname: import.meta.dirname,
  components: [MlflowInstance, DatabaseServer],
});
