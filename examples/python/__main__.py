"""A team's own program: two MLflow instances on a platform that exists, and a Secret for the team's jobs."""

import mlflow_instances_components as components
import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
import pulumi_postgresql as postgresql
import pulumi_random as random

config = pulumi.Config()
stack = pulumi.get_stack()

domain = config.require("domain")
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


def instance(
    name: str, description: str, tier: components.Tier, tokens: list[components.AccessTokenArgs]
) -> components.MlflowInstance:
    """An instance of this team; `<name>AccessKeyId` and `<name>SecretAccessKey` are the keys of its own user at the object store."""
    access_key_id = config.require(f"{name}AccessKeyId")
    return components.MlflowInstance(
        name,
        instance_name=name,
        team="churn",
        owner="churn-team@example.com",
        description=description,
        environment=stack,
        tier=tier,
        host=f"{name}.{domain}",
        image=config.require("image"),
        mlflow_version="3.17.2",
        deleted_experiment_retention="30d",
        bucket=components.BucketSettingsArgs(
            name=f"mlflow-{stack}-{name}",
            endpoint=endpoint,
            region=region,
            # What the store can do; docs/platforms says it of several.
            public_access_block=False,
            object_ownership=False,
            instance_principal=access_key_id,
            admin_principals=[admin_key_id],
        ),
        bucket_credentials=components.BucketCredentialsArgs(
            access_key_id=access_key_id,
            secret_access_key=config.require_secret(f"{name}SecretAccessKey"),
        ),
        database=components.DatabaseSettingsArgs(
            name="mlflow_" + name.replace("-", "_"),
            host=database_host,
            ssl_mode=components.SslMode.VERIFY_FULL,
            max_connections=config.require_int("maxConnections"),
        ),
        ingress=components.IngressSettingsArgs(
            class_name="nginx",
            controller=components.IngressController.NGINX,
            tls=components.IngressTlsArgs(
                source=components.TlsSource.CERT_MANAGER, cluster_issuer="letsencrypt"
            ),
        ),
        network=components.NetworkSettingsArgs(
            database_cidrs=[config.require("databaseCidr")],
            object_store_cidrs=[config.require("objectStoreCidr")],
            ingress_namespace="ingress-nginx",
        ),
        tokens=tokens,
        opts=pulumi.ResourceOptions(providers=providers),
    )


research: components.MlflowInstance = instance(
    "churn-research",
    "Experiments with features of customer churn",
    components.Tier.SANDBOX,
    [components.AccessTokenArgs(name="notebooks", role=components.TokenRole.EDIT, expires=expires)],
)
serving: components.MlflowInstance = instance(
    "churn-serving",
    "Registered models of customer churn",
    components.Tier.PRODUCTION,
    [
        components.AccessTokenArgs(
            name="training", role=components.TokenRole.EDIT, expires=expires
        ),
        components.AccessTokenArgs(
            name="services", role=components.TokenRole.READ, expires=expires
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
