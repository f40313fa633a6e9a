import {
  isInstanceNamespace,
  isReviewEnvironment,
  kubernetesType,
  placeOf,
} from "../model/resources.ts";
import { resourceRule } from "../rule.ts";

const pattern = /^[a-z][a-z0-9-]{1,38}[a-z0-9]$/;

/** Words that name a method or a library. */
const algorithms =
  "arima automl bert catboost cnn deepar distilbert gan gbdt gbm glm gpt gru hdbscan keras kmeans knn lasso lgbm lightgbm llama logreg lstm mistral mlp " +
  "prophet pytorch randomforest resnet rnn roberta sklearn svd svm tensorflow transformer transformers umap unet vae vit word2vec xgb xgboost yolo";

/** Words for a stage of one model's life. */
const stages = "final latest new newest old draft copy backup tmp temp beta alpha rc";

export const forbiddenWords: ReadonlySet<string> = new Set(`${algorithms} ${stages}`.split(" "));

/** What is a fine name of a place to try things, and of nothing else. */
export const trialWords: ReadonlySet<string> = new Set(
  "test testing tests demo trial playground".split(" "),
);

/** A name that is an entry of its own among the object store's keys. */
const reserved = "preview";

const isVersion = (word: string) => /^v?[0-9]+$|[a-z]v[0-9]+$/.test(word);

function* problemsOf(name: string, own: string, tier: string | undefined): Generator<string> {
  if (own === reserved)
    yield `The instance name "${name}" is reserved for review environments; name the product.`;
  const words = own.split("-");
  const forbidden = words.find(
    (word) => forbiddenWords.has(word.replace(/v?[0-9]+$/, "")) || isVersion(word),
  );
  if (forbidden !== undefined) {
    yield `The instance name "${name}" contains "${forbidden}", an algorithm, version or stage; name the product.`;
  } else if (tier !== "sandbox") {
    const trial = words.find((word) => trialWords.has(word));
    if (trial !== undefined)
      yield `The instance name "${name}" contains "${trial}"; name the product, or set the tier to sandbox.`;
  }
}

export const instanceHasProductName = resourceRule({
  name: "instance-has-product-name",
  pack: "naming",
  severity: "high",
  demand:
    "An instance is named after its product: 3 to 40 lower-case letters, digits and hyphens, with no algorithm, version or stage in it (test in sandboxes only).",
  reason:
    "The name becomes a host, a bucket and a database that can't be renamed, while algorithm and version change.",
  steps: "Rename the instance's file to the name of its product, before the first deployment.",
  types: [kubernetesType.namespace],
  *check(namespace) {
    if (!isInstanceNamespace(namespace)) return;
    const { instance, tier, environment } = placeOf(namespace);
    // object-has-labels asks for the label.
    if (instance === undefined) return;
    if (!pattern.test(instance))
      return yield `The instance name "${instance}" does not match ${pattern.source}; rename its file.`;
    if (!isReviewEnvironment(environment)) return yield* problemsOf(instance, instance, tier);
    // On the same platform as the original: only the environment's name in front keeps host, bucket
    // and database apart.
    const prefix = `${environment}-`;
    if (!instance.startsWith(prefix))
      return yield `The instance name "${instance}" does not begin with "${prefix}", as in ${environment} it must.`;
    yield* problemsOf(instance, instance.slice(prefix.length), tier);
  },
});
