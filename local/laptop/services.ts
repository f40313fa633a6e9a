import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseAllDocuments, stringify } from "yaml";
import { certificatePath, ensureCertificates, keyPath } from "../platform/certificates.ts";
import type { CertificateSpec } from "../platform/certificateSpecs.ts";
import { ensureSecret } from "../platform/secretFiles.ts";
import type { Report } from "../report.ts";
import type { Kubectl } from "./kubectl.ts";
import { domain, namespace, objectStore, postgresql, type ServiceFiles } from "./names.ts";

const patience = "300s";
const workloads = ["statefulset/postgresql", "statefulset/object-store", "deployment/traefik"];

const server = (name: string, dnsNames: readonly string[]): CertificateSpec => ({
  name,
  authority: "ca",
  commonName: dnsNames[0] ?? name,
  dnsNames,
  addresses: [],
  usages: ["server"],
});

/** The pods speak TLS only: to each other, to the instances and to this machine. */
const certificates = [
  server("ingress", [domain, `*.${domain}`]),
  server("postgresql", [postgresql.host, "localhost"]),
  server("object-store", [objectStore.host, "localhost"]),
];

/** An object of Kubernetes as far as it is looked at here. */
export interface Manifest {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec?: {
    readonly template?: {
      readonly metadata: { annotations?: Record<string, string> };
      readonly spec: object;
    };
  };
}

/** The namespace and everything of services.yaml. */
export async function serviceManifests(): Promise<Manifest[]> {
  const text = await readFile(join(import.meta.dirname, "services.yaml"), "utf8");
  return [
    {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
    } as Manifest,
    ...parseAllDocuments(text).map((document) => document.toJS() as Manifest),
  ];
}

/**
 * PostgreSQL, an S3 store and Traefik in a cluster; what is there already stays. Passwords and keys
 * are made once and kept in files of this user.
 */
export async function applyServices(
  kubectl: Kubectl,
  files: ServiceFiles,
  report: Report,
  manifests?: readonly Manifest[],
): Promise<void> {
  await ensureCertificates(files.pki, certificates);
  const secrets = [
    await secret("postgresql", files, await ensureSecret(files.postgresqlPassword)),
    await secret("object-store", files, await ensureSecret(files.objectStoreRootKey)),
  ];
  const [first, ...others] = manifests ?? (await serviceManifests());
  for (const { metadata, spec } of others) {
    const own = secrets.find((each) => each.metadata.name === metadata.name);
    if (own === undefined || spec?.template === undefined) continue;
    // A renewed certificate starts the pod anew.
    const hash = createHash("sha256").update(own.stringData["tls.crt"]).digest("hex");
    spec.template.metadata.annotations = { "mlflow-instances/certificate": hash };
  }
  await report.step(
    "Start PostgreSQL, the object store and Traefik in the cluster",
    async (log) => {
      // Server-side: a Secret's values would otherwise be in an annotation, too.
      await kubectl(
        ["apply", "--server-side", "--force-conflicts", "--filename", "-"],
        [first, ...secrets, ...others].map((object) => stringify(object)).join("---\n"),
      );
      for (const workload of workloads) {
        log(`waits for ${workload}`);
        await kubectl([
          ...["rollout", "status", "--namespace", namespace],
          ...[`--timeout=${patience}`, workload],
        ]).catch(async (error: Error) => {
          throw new Error(`${error.message.trim()}\n${await warnings(kubectl)}`);
        });
      }
    },
  );
}

/** What Kubernetes says of pods that don't start. */
const warnings = (kubectl: Kubectl): Promise<string> =>
  kubectl([
    ...["get", "events", "--namespace", namespace, "--field-selector", "type=Warning"],
    ...["--sort-by", ".lastTimestamp"],
    ...["--output", "custom-columns=OBJECT:.involvedObject.name,SAYS:.message"],
  ]).catch(() => "");

async function secret(name: string, { pki }: ServiceFiles, password: string) {
  const [certificate, key] = await Promise.all([
    readFile(certificatePath(pki, name), "utf8"),
    readFile(keyPath(pki, name), "utf8"),
  ]);
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace },
    stringData: { password, "tls.crt": certificate, "tls.key": key },
  };
}

/**
 * Addresses of the services as a network policy sees them: some networks look before the service's
 * address is replaced by a pod's, some after it.
 */
export async function serviceCidrs(kubectl: Kubectl): Promise<string[]> {
  const pods = await kubectl(["get", "nodes", "--output", "jsonpath={.items[*].spec.podCIDRs[*]}"]);
  const addresses = await kubectl([
    ...["get", "services", "--namespace", namespace],
    ...["--output", "jsonpath={.items[*].spec.clusterIP}"],
  ]);
  const ranges = pods.split(" ").filter((range) => range !== "");
  if (ranges.length === 0)
    throw new Error(
      "The nodes name no range of pod addresses (spec.podCIDRs), which the network policies need. Write the platform's values yourself: docs/existing-platform.md.",
    );
  return [...ranges, ...addresses.split(" ").map((address) => `${address}/32`)];
}
