import type { Input } from "@pulumi/pulumi";
import type {
  IngressController,
  LoadBalancerScheme,
  PodIdentityMethod,
  SslMode,
  StorageClasses,
  TlsSource,
} from "./enums.ts";

// What instances stand on: identity, object store, database server, ingress and network.

/** How pods prove to AWS who they are; no key exists. */
export interface PodIdentity {
  /**
   * The mechanism of the cluster. Changing it changes who may take on the roles, and rolls the
   * pods.
   */
  method: PodIdentityMethod;
  /**
   * Method `irsa`, exactly then: ARN of the cluster's OIDC provider in IAM,
   * `arn:aws:iam::123456789012:oidc-provider/oidc.eks…`.
   */
  oidcProviderArn?: Input<string>;
  /**
   * Method `podIdentity`, exactly then: name of the EKS cluster, which has to run the add-on
   * `eks-pod-identity-agent`.
   */
  clusterName?: Input<string>;
  /** ARN of a policy that bounds what the roles may ever do. Default: none. */
  permissionsBoundaryArn?: Input<string>;
  /**
   * Path of the roles in IAM, beginning and ending with `/`. Default: `/mlflow-instances/`.
   * Changing it replaces the roles.
   */
  rolePath?: string;
}

/** The object store and what it can do; what it can't is switched off for each bucket. */
export interface ObjectStoreSettings {
  /** URL of an S3-compatible store, for example `https://s3.example.com:7070`. Default: AWS S3. */
  endpoint?: string;
  /** Region that requests are signed for. A change replaces every bucket on AWS. */
  region: string;
  /**
   * Beginning of each bucket's name, before a dash and the instance's name. Default:
   * `mlflow-<environment>`. A change replaces every bucket that isn't named.
   */
  bucketPrefix?: string;
  /** Whether the store keeps versions of objects. Default: true. */
  versioning?: boolean;
  /** Whether the store runs lifecycle rules. Default: true. */
  lifecycle?: boolean;
  /** Whether the store encrypts by default. Default: true. */
  encryption?: boolean;
  /**
   * ARN of a KMS key in the store's region that encrypts objects, `arn:aws:kms:…:key/…`. Default:
   * the store's own key.
   */
  kmsKeyArn?: Input<string>;
  /** Whether the store can block public access as a whole. Default: true. */
  publicAccessBlock?: boolean;
  /**
   * Whether the store can give all objects to the bucket's owner, which switches ACLs off. Default:
   * true.
   */
  objectOwnership?: boolean;
  /**
   * What becomes of artifacts that lie untouched: `transitions` moves them to STANDARD_IA after 90
   * days and to GLACIER_IR after 365, `intelligentTiering` leaves it to the store from the first
   * day on. Needs `lifecycle`. Default: `standard` (they stay).
   */
  storageClasses?: StorageClasses;
  /**
   * Whether the buckets' policies refuse plain HTTP; the store must know the condition
   * `aws:SecureTransport`. Default: true.
   */
  tlsOnly?: boolean;
  /**
   * Whether the bucket policies deny every principal that they do not list. Required where other
   * rules grant access, too: identity policies on AWS (compared by `aws:PrincipalArn`), or a store
   * at which each key of a project has all rights (with `endpoint`; compared by principal, and the
   * instance's own users are denied all other actions). Default: true with `podIdentity`, else false.
   */
  denyOthers?: boolean;
  /**
   * Principals that administer the buckets, on AWS the ARNs of roles. Principals that are not
   * listed lose access, so include the one that runs Pulumi.
   */
  adminPrincipals: Input<string>[];
}

/** The PostgreSQL server that the instances share. */
export interface PostgresqlSettings {
  /** Host of the server as the pods reach it. */
  host: Input<string>;
  /** Port of the server. Default: 5432. */
  port?: number;
  /**
   * Locale of the server's operating system by which it tells letters and their case apart
   * (LC_CTYPE); text is sorted by its code points whatever this is. RDS knows `en_US.UTF-8` and not
   * the default. Default: `C.UTF-8`. Changing it replaces the databases.
   */
  characterType?: string;
  /** TLS mode of the server's connections. Default: `verify-full`. */
  sslMode?: SslMode;
  /** `max_connections` of the server; what the instances may take has to fit. */
  maxConnections: number;
}

/** How instances are exposed: an Ingress of a class, or a route at a Gateway; its certificate. */
export interface IngressSettings {
  /**
   * IngressClass that serves the instance. Exactly one of this and `gateway` has to be set; a change
   * from one to the other creates the new object before it deletes the old.
   */
  className?: string;
  /** Gateway that serves the instance. Exactly one of this and `className` has to be set. */
  gateway?: GatewaySettings;
  /**
   * The certificate. Has to be set with `className`. Default with `gateway`: the one of the
   * Gateway's listener; if set, the instance gets a ListenerSet of its own with it.
   */
  tls?: IngressTls;
  /**
   * The controller behind the class; its annotations set scheme, time-outs and body size. Default:
   * unknown, and the annotations of Traefik and NGINX, which ignore each other's.
   */
  controller?: IngressController;
  /**
   * Controller `alb`: from where the load balancer can be reached. Default: `internal`. Changing it
   * replaces the load balancer, and its address.
   */
  scheme?: LoadBalancerScheme;
  /**
   * Controller `alb`: instances with the same name share one load balancer. Every ingress with this
   * name joins the group. Default: one for this instance.
   */
  groupName?: string;
  /**
   * With `groupName`: the largest `temporaryStorage` of the group's instances, the same in all of
   * them, because their load balancer has one idle time-out. Default: `20Gi`.
   */
  groupTemporaryStorage?: string;
  /**
   * Route 53 hosted zone in which the host becomes a record that follows the ingress's load
   * balancer, `Z…`. Default: no record is made.
   */
  dnsZoneId?: Input<string>;
  /** Further annotations for the ingress controller. Default: none. */
  annotations?: Record<string, string>;
}

/**
 * A Gateway of the Gateway API that exists. Its listener has to let routes of the instances'
 * namespaces in (`allowedRoutes`).
 */
export interface GatewaySettings {
  /** Name of the Gateway. A change moves the route. */
  name: string;
  /** Namespace of the Gateway. A change moves the route. */
  namespace: string;
  /**
   * Without `tls`: name of the Gateway's listener for HTTPS, which has the certificate. Default:
   * `https`.
   */
  listener?: string;
  /**
   * Name of the Gateway's listener for plain HTTP. A second route there leads to HTTPS and nowhere
   * else. Default: none is made; then the Gateway's owner decides what plain HTTP answers.
   */
  redirectListener?: string;
  /**
   * With `tls`, exactly then: port of the instance's own listener, as the Gateway's controller counts
   * it (Traefik: of its entry point, in its chart 8443). Default: 443.
   */
  port?: number;
  /**
   * Whether the route has time-outs (both off: an upload may take hours). False for a controller
   * that refuses them; then it has to be told in its own way. Default: true.
   */
  timeouts?: boolean;
}

/** Exactly the fields of the chosen source have to be set. */
export interface IngressTls {
  /** Where the certificate comes from. */
  source: TlsSource;
  /** Source `pem`: certificate chain. */
  certificate?: Input<string>;
  /** Source `pem`: private key. Always handled as a secret. */
  privateKey?: Input<string>;
  /** Source `certManager`: name of the ClusterIssuer. */
  clusterIssuer?: string;
  /**
   * Source `secret`: name of a TLS secret that something else puts into the instance's namespace.
   */
  secretName?: string;
  /**
   * Source `acm`, with controller `alb`: ARN of the certificate in AWS Certificate Manager, which
   * covers the host.
   */
  certificateArn?: Input<string>;
}

/** Openings in the default-deny policies, as CIDRs: a NetworkPolicy knows no names. */
export interface NetworkSettings {
  /** Where PostgreSQL answers. */
  databaseCidrs: Input<string>[];
  /**
   * Where the object store answers, and with `podIdentity` and method `irsa` the token service
   * (STS), too. Default, without `objectStore.endpoint` only: every public address, because those of AWS
   * change and a gateway endpoint keeps them.
   */
  objectStoreCidrs?: Input<string>[];
  /**
   * Ranges of the VPC in which interface endpoints of S3 and STS answer, on top of
   * `objectStoreCidrs`, on port 443. Default: none.
   */
  endpointCidrs?: Input<string>[];
  /** Port of the object store. Default: the endpoint's, else 443. */
  objectStorePort?: number;
  /** Namespace of the ingress controller's pods. Default: none. */
  ingressNamespace?: string;
  /** Addresses from which an ingress controller outside the pod network connects. Default: none. */
  ingressCidrs?: Input<string>[];
  /** Namespace of the cluster's DNS pods. Default: `kube-system`. */
  dnsNamespace?: string;
  /**
   * Addresses of a DNS server outside the pod network (a node-local cache, for example). Default:
   * none.
   */
  dnsCidrs?: Input<string>[];
}
