import type {
  BucketSettings,
  MlflowInstanceArgs,
  MlflowPlatformArgs,
  Tier,
} from "@mlflow-instances/components/internal";
import type { SecretKey } from "../values/secretKeys.ts";
import type { GivenToAll, StoreKey } from "./given.ts";
import type { Add } from "./shared.ts";

/** The environment, as far as its platform's checks need it. */
export interface Surroundings {
  /** Name of the environment. */
  readonly name: string;
  /** Tier of its instances, where it names one. */
  readonly tier: Tier | undefined;
  /** Whether it is the environment of a pull request. */
  readonly isPreview: boolean;
}

/** A cluster as a kubeconfig's context. */
export interface ClusterByContext {
  readonly kubeconfig: string;
  readonly context: string;
  readonly clusterName?: undefined;
}

/** A cluster that its cloud knows by name; the account is asked for its address. */
export interface NamedCluster<Account> {
  readonly clusterName: string;
  readonly account: Account;
}

/** What the component is told of a platform that follows from its kind. */
export interface ArgsOfKind extends Pick<
  MlflowPlatformArgs,
  "objectStore" | "podIdentity" | "ingress" | "network"
> {
  readonly postgresql: Pick<MlflowPlatformArgs["postgresql"], "sslMode" | "characterType">;
}

/** An instance's users of the object store, where it has no roles. */
export interface UsersOfInstance extends Pick<
  MlflowInstanceArgs,
  "bucketCredentials" | "maintenanceCredentials"
> {
  readonly bucket?: Pick<BucketSettings, "formerPrincipals">;
}

/**
 * The facts of a platform for everything else, whatever its kind is: pure, and no provider is
 * loaded for it.
 */
export interface PlatformFacts<Account = unknown> {
  /** Reports problems that the schema alone can't see. */
  check(surroundings: Surroundings, add: Add): void;
  /** A line for each thing that is weaker or wider than it could be. */
  readonly notes: readonly string[];
  readonly cluster: ClusterByContext | NamedCluster<Account>;
  /** Secret config keys that it needs. */
  readonly needs: readonly SecretKey[];
  /**
   * Secret config keys that it has no use for, with the reason: one that lies about unused is one
   * too many.
   */
  readonly useless: Readonly<Partial<Record<SecretKey, string>>>;
  /** max_connections of the database server, and its path below the platform. */
  readonly connections: { readonly max: number; readonly path: readonly string[] };
  /**
   * Days for which its own database server can keep backups; undefined: the server is not
   * the environment's.
   */
  readonly backupDays: number | undefined;
  /** Beginning of each bucket's name; undefined: by the environment. */
  readonly bucketPrefix: string | undefined;
  /** Whether pods have roles; otherwise each instance has a key in `artifactStoreKeys`. */
  readonly hasRoles: boolean;
  argsOf(given: GivenToAll): ArgsOfKind;
  usersOf(key: StoreKey | undefined): UsersOfInstance;
  /** Whether it bills by the tag that an instance's cost center becomes. */
  readonly billsByTag: boolean;
  /**
   * PEM of the authorities that the database's certificate is checked against; undefined: the
   * public ones.
   */
  databaseAuthorities(): string | undefined;
  /** The same for the object store, and for all services that the platform has beside it. */
  storeAuthorities(): string | undefined;
}

/** A kind of platform. */
export interface PlatformKind<Platform, Account = unknown> {
  factsOf(platform: Platform): PlatformFacts<Account>;
  /**
   * Every PEM bundle that its providers may have been given a file of; also for unchecked
   * values.
   */
  bundles(values: { readonly region?: unknown; readonly caBundle?: unknown }): string[];
}
