import { objectStorePluginVersion } from "../../components/internal/objectStorePlugin.ts";
import type { EmbeddedFile } from "./embeddedFiles.ts";

/**
 * Every version of the embedded platform in one place. A test holds the Go modules and the npm
 * packages to them.
 */
export const versions = {
  kubernetes: "1.34.2",
  /** The newest that the Go module proxy serves; the SDK in package.json may be newer. */
  pulumi: "3.274.1",
  /** The newest source of the plugin that the Go module proxy serves. */
  kubernetesPluginSource: "4.0.0-20260115033456-f47bc2d6f199",
  versitygw: "1.8.0",
  coredns: "1.14.7",
  traefik: "3.6.0",
  /** Of the module that Traefik is built with. */
  gatewayApi: "1.4.0",
  mlflow: "3.17.2",
  pause: "3.10",
  actionlint: "1.7.12",
  pulumiYaml: "1.38.0",
} as const;

/** The provider plugins of the program: their versions are those of the npm packages. */
export const pluginVersions = {
  kubernetes: "4.34.2",
  aws: "7.48.0",
  postgresql: "3.18.1",
  random: "4.21.2",
} as const;

/**
 * Every plugin that is installed; the object store has a version of its own of the plugin `aws`.
 */
export const plugins = {
  kubernetes: { name: "kubernetes", version: pluginVersions.kubernetes },
  aws: { name: "aws", version: pluginVersions.aws },
  objectStore: { name: "aws", version: objectStorePluginVersion },
  postgresql: { name: "postgresql", version: pluginVersions.postgresql },
  random: { name: "random", version: pluginVersions.random },
} as const;

export type PluginId = keyof typeof plugins;

/** The oldest Go that the modules below accept. */
export const minimumGo = "1.26.6";

export interface GoTool {
  /** Folder under `local/toolchain/go`, and the name of the binary. */
  name: string;
  version: string;
  /**
   * The package that is linked: `.` is the folder's own main.go, anything else comes straight from
   * a module.
   */
  source: string;
  /** `-X` settings of the linker: without them the program says that it is an unknown version. */
  variables: Readonly<Record<string, string>>;
  /** Files that main.go embeds, by their names there, and the module that they are made from. */
  embedded?: { readonly module: string; readonly files: Readonly<Record<string, EmbeddedFile>> };
  /** Further names of the same binary, which looks at the name it is called by. */
  links: readonly string[];
  /**
   * Free space that a build from nothing takes: modules, compiler cache and binary (measured, with
   * a margin).
   */
  diskBytes: number;
  /**
   * Arguments that make the finished binary say its version, to see that it runs on this machine.
   */
  check: { program: string; args: readonly string[] };
}

const GiB = 1024 ** 3;
const kubernetesPlugin = "cmd/pulumi-resource-kubernetes";
const componentBase = "k8s.io/component-base/version";

export const goTools = {
  kubernetes: {
    name: "kubernetes",
    version: versions.kubernetes,
    source: ".",
    variables: {
      [`${componentBase}.gitVersion`]: `v${versions.kubernetes}`,
      [`${componentBase}.gitMajor`]: versions.kubernetes.split(".")[0] ?? "",
      [`${componentBase}.gitMinor`]: versions.kubernetes.split(".")[1] ?? "",
      [`${componentBase}.gitTreeState`]: "clean",
    },
    links: [
      "kube-apiserver",
      "kube-controller-manager",
      "kube-scheduler",
      "kubelet",
      "kube-proxy",
      "kubectl",
    ],
    diskBytes: 3 * GiB,
    check: { program: "kubelet", args: ["--version"] },
  },
  pulumi: {
    name: "pulumi",
    version: versions.pulumi,
    source: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    variables: {
      "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": `v${versions.pulumi}`,
    },
    links: [],
    diskBytes: 2 * GiB,
    check: { program: "pulumi", args: ["version"] },
  },
  versitygw: {
    name: "versitygw",
    version: versions.versitygw,
    source: "github.com/versity/versitygw/cmd/versitygw",
    variables: { "main.Version": `v${versions.versitygw}` },
    links: [],
    diskBytes: 1 * GiB,
    check: { program: "versitygw", args: ["--version"] },
  },
  coredns: {
    name: "coredns",
    version: versions.coredns,
    source: ".",
    variables: {},
    links: [],
    diskBytes: 1 * GiB,
    check: { program: "coredns", args: ["-version"] },
  },
  traefik: {
    name: "traefik",
    version: versions.traefik,
    source: "github.com/traefik/traefik/v3/cmd/traefik",
    variables: { "github.com/traefik/traefik/v3/pkg/version.Version": versions.traefik },
    links: [],
    diskBytes: 4 * GiB,
    check: { program: "traefik", args: ["version"] },
  },
  pause: {
    name: "pause",
    version: versions.pause,
    source: ".",
    variables: { "main.version": versions.pause },
    links: [],
    diskBytes: 0.1 * GiB,
    check: { program: "pause", args: ["-v"] },
  },
  // Used by the tests only: the platform never builds it.
  actionlint: {
    name: "actionlint",
    version: versions.actionlint,
    source: "github.com/rhysd/actionlint/cmd/actionlint",
    variables: { "github.com/rhysd/actionlint.version": `v${versions.actionlint}` },
    links: [],
    diskBytes: 0.2 * GiB,
    check: { program: "actionlint", args: ["-version"] },
  },
  // The official plugin, for machines that can't download it.
  "pulumi-resource-kubernetes": {
    name: "pulumi-resource-kubernetes",
    version: pluginVersions.kubernetes,
    source: ".",
    variables: { "main.version": pluginVersions.kubernetes },
    embedded: {
      module: "github.com/pulumi/pulumi-kubernetes/provider/v4",
      files: {
        "schema-embed.json": {
          source: `${kubernetesPlugin}/schema.json`,
          fields: { version: pluginVersions.kubernetes },
        },
        "terraform-mapping-embed.json": {
          source: `${kubernetesPlugin}/terraform-mapping.json`,
          fields: {},
        },
      },
    },
    links: [],
    diskBytes: 4 * GiB,
    check: { program: "pulumi-resource-kubernetes", args: ["-help"] },
  },
  // As well used by the tests only.
  "pulumi-language-yaml": {
    name: "pulumi-language-yaml",
    version: versions.pulumiYaml,
    source: "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
    variables: {},
    links: [],
    diskBytes: 1 * GiB,
    check: { program: "pulumi-language-yaml", args: ["-help"] },
  },
} as const satisfies Record<string, GoTool>;

export type GoToolName = keyof typeof goTools;
