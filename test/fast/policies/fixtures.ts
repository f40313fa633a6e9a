import type { Given } from "./support.ts";

type Marks = Record<string, string | undefined>;

const defined = (values: Marks): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );

/** The labels of instance `shop` as the components set them; undefined removes one. */
export const labels = (changed: Marks = {}): Record<string, string> =>
  defined({
    "app.kubernetes.io/name": "mlflow",
    "app.kubernetes.io/instance": "shop",
    "app.kubernetes.io/component": "instance",
    "app.kubernetes.io/part-of": "mlflow-instances",
    "app.kubernetes.io/managed-by": "pulumi",
    "mlflow-instances/team": "retail",
    "mlflow-instances/environment": "dev",
    "mlflow-instances/tier": "standard",
    ...changed,
  });

/** An instance's namespace as the components make it, with changed labels or annotations. */
export const namespace = (changedLabels: Marks = {}, annotations: Marks = {}): Given => ({
  type: "kubernetes:core/v1:Namespace",
  name: "shop-namespace",
  props: {
    metadata: {
      name: "mlflow-shop",
      labels: labels({ "pod-security.kubernetes.io/enforce": "restricted", ...changedLabels }),
      annotations: defined({
        "mlflow-instances/owner": "retail@example.com",
        "mlflow-instances/mlflow-version": "3.17.2",
        "mlflow-instances/deleted-experiment-retention": "30d",
        "mlflow-instances/database-server-connections": "200",
        ...annotations,
      }),
    },
  },
});

export const foreignNamespace: Given = {
  type: "kubernetes:core/v1:Namespace",
  name: "other",
  props: { metadata: { name: "other" } },
};
