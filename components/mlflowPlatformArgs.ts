import type { Input } from "@pulumi/pulumi";
import type {
  IngressSettings,
  NetworkSettings,
  ObjectStoreSettings,
  PodIdentity,
  PostgresqlSettings,
} from "./platformSettings.ts";
import type { MonitoringSettings } from "./monitoringSettings.ts";
import type { TokenIssuer } from "./workloadSettings.ts";

/**
 * What the instances of one platform share. Made once, and given to each {@link MlflowInstance}.
 */
export interface MlflowPlatform {
  /**
   * Domain of the instances: one is reached at `https://<instanceName>.<domain>`. A change moves
   * every instance to another address.
   */
  domain: string;
  /**
   * Name of the environment, a label and tag on everything and a part of each bucket's name.
   * Default: the name of the stack. A change replaces every bucket that isn't named.
   */
  environment?: string;
  /**
   * Reference of the tracking server's image, best with a digest. A change migrates the schemas
   * and rolls the pods.
   */
  image: Input<string>;
  /**
   * MLflow version inside the image, `3.17.0` or later (older ones have known holes). Never lower
   * it: schemas don't go back. Default: `3.17.2`, the version of `images/tracking-server`.
   */
  mlflowVersion?: string;
  /**
   * Credentials of the registry of `image`, as the text of a `config.json` of Docker (`{"auths":
   * …}`). They become a Secret in the instance's namespace that every pod names. Always handled as
   * a secret; a change restarts no pod. Default: none, the nodes can pull the image.
   */
  imagePullSecret?: Input<string>;
  /**
   * Names of Secrets of type `kubernetes.io/dockerconfigjson` that something else puts into each
   * instance's namespace; every pod names them. Default: none.
   */
  imagePullSecrets?: string[];
  /** The object store, in which each instance gets a bucket. */
  objectStore: ObjectStoreSettings;
  /**
   * Roles of AWS IAM instead of keys: they are made with each instance, and its pods take them on.
   * Exactly one of this and the instance's `bucketCredentials` has to be set. Default: none.
   */
  podIdentity?: PodIdentity;
  /** The PostgreSQL server, on which each instance gets a database. */
  postgresql: PostgresqlSettings;
  /** How instances are reached from outside. */
  ingress: IngressSettings;
  /** What the pods may talk to; everything else is denied. */
  network: NetworkSettings;
  /**
   * The monitoring system that may scrape metrics. Adding or removing it restarts the pods.
   * Default: none, and the server has no metrics port.
   */
  monitoring?: MonitoringSettings;
  /** Issuers that sign tokens of workloads. An instance uses those that its workloads name. Default: none. */
  issuers?: TokenIssuer[];
  /**
   * PEM bundle of the authorities that signed the object store's and the database's certificates;
   * with `podIdentity` only the database's, because the services of AWS have public ones. Default:
   * those of the image.
   */
  caBundle?: string;
}

/** What {@link MlflowPlatform} is called in the SDKs of other languages. */
export type MlflowPlatformArgs = MlflowPlatform;
