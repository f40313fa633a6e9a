import { serve } from "../shared/serve.ts";
import { kubernetesProvider } from "./provider.ts";

await serve(kubernetesProvider());
