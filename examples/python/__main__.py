"""A team's own program: two MLflow instances on a platform that exists, and a Secret for the team's jobs."""

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
import pulumi_mlflow_instances as mlflow
import pulumi_postgresql as postgresql
import pulumi_random as random

config = pulumi.Config()
stack = pulumi.get_stack()

endpoint = config.require("objectStoreEndpoint")
region = config.require("objectStoreRegion")
admin_key_id = config.require("objectStoreAccessKeyId")
database_host = config.require("databaseHost")
expires = config.require("tokensExpire")

# Every provider by name: an instance must never follow whatever cluster or account a shell points
# to.
cluster = kubernetes.Provider(
    "kubernetes",
    kubeconfig=config.require("kubeconfig"),
    context=config.require("context"),
    cluster_identifier=f"{pulumi.get_project()}-{stack}",
    # The Secret with the token hashes changes in place, so that pods see it without a restart.
    enable_secret_mutable=True,
    # An update takes back what `kubectl patch` or `kubectl scale` has changed, without a field
    # conflict.
    enable_patch_force=True,
)
object_store = aws.Provider(
    "object-store",
    region=region,
    access_key=admin_key_id,
    secret_key=config.require_secret("objectStoreSecretAccessKey"),
    endpoints=[aws.ProviderEndpointArgs(s3=endpoint)],
    s3_use_path_style=True,
    # Behind such an endpoint is no STS, no instance metadata and no list of AWS regions.
    skip_credentials_validation=True,
    skip_requesting_account_id=True,
    skip_metadata_api_check=True,
    skip_region_validation=True,
    # The last plugin that asks a bucket's tags of S3 itself; later ones ask a service that only
    # Amazon has.
    opts=pulumi.ResourceOptions(version="7.12.0"),
)
database_server = postgresql.Provider(
    "postgresql",
    host=database_host,
    username=config.require("databaseAdmin"),
    password=config.require_secret("databasePassword"),
    sslmode="verify-full",
    superuser=False,
)
providers = [cluster, object_store, database_server, random.Provider("random")]


# What every instance of this program stands on.
platform = mlflow.MlflowPlatformArgs(
    domain=config.require("domain"),
    image=config.require("image"),
    object_store=mlflow.ObjectStoreSettingsArgs(
        endpoint=endpoint,
        region=region,
        # What the store can do; docs/platforms says it of several.
        public_access_block=False,
        object_ownership=False,
        admin_principals=[admin_key_id],
    ),
    postgresql=mlflow.PostgresqlSettingsArgs(
        host=database_host, max_connections=config.require_int("maxConnections")
    ),
    ingress=mlflow.IngressSettingsArgs(
        class_name="traefik",
        controller=mlflow.IngressController.TRAEFIK,
        tls=mlflow.IngressTlsArgs(
            source=mlflow.TlsSource.CERT_MANAGER, cluster_issuer="letsencrypt"
        ),
    ),
    network=mlflow.NetworkSettingsArgs(
        database_cidrs=[config.require("databaseCidr")],
        object_store_cidrs=[config.require("objectStoreCidr")],
        ingress_namespace="traefik",
    ),
)


def instance(
    name: str, description: str, tier: mlflow.Tier, tokens: list[mlflow.AccessTokenArgs]
) -> mlflow.MlflowInstance:
    """An instance of this team; `<name>AccessKeyId` and `<name>SecretAccessKey` are the keys of its own user at the object store."""
    return mlflow.MlflowInstance(
        name,
        platform=platform,
        team="churn",
        owner="churn-team@example.com",
        description=description,
        tier=tier,
        bucket_credentials=mlflow.BucketCredentialsArgs(
            access_key_id=config.require(f"{name}AccessKeyId"),
            secret_access_key=config.require_secret(f"{name}SecretAccessKey"),
        ),
        tokens=tokens,
        opts=pulumi.ResourceOptions(providers=providers),
    )


research: mlflow.MlflowInstance = instance(
    "churn-research",
    "Experiments with features of customer churn",
    mlflow.Tier.SANDBOX,
    [mlflow.AccessTokenArgs(name="notebooks", role=mlflow.TokenRole.EDIT, expires=expires)],
)
serving: mlflow.MlflowInstance = instance(
    "churn-serving",
    "Registered models of customer churn",
    mlflow.Tier.PRODUCTION,
    [
        mlflow.AccessTokenArgs(
            name="training", role=mlflow.TokenRole.EDIT, expires=expires
        ),
        mlflow.AccessTokenArgs(
            name="services", role=mlflow.TokenRole.READ, expires=expires
        ),
    ],
)

# The team's own part: its jobs find the tracking server and a token in their namespace. An
# instance's namespace stays its own.
jobs = kubernetes.core.v1.Namespace(
    "jobs", metadata={"name": "churn-jobs"}, opts=pulumi.ResourceOptions(provider=cluster)
)
kubernetes.core.v1.Secret(
    "mlflow-client",
    metadata={"name": "mlflow-client", "namespace": jobs.metadata["name"]},
    string_data={
        "MLFLOW_TRACKING_URI": serving.tracking_uri,
        "MLFLOW_TRACKING_TOKEN": serving.tokens["training"].value,
    },
    opts=pulumi.ResourceOptions(provider=cluster),
)

pulumi.export("trackingUris", {"research": research.tracking_uri, "serving": serving.tracking_uri})
pulumi.export("notebooksToken", pulumi.Output.secret(research.tokens["notebooks"].value))
