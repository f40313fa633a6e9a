import { isInstanceNamespace, isPreviewEnvironment, kubernetesType, label, placeOf } from "../resources.ts";
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
const trial = new Set(["test", "testing", "tests", "demo", "trial", "playground"]);

const isVersion = (word: string) => /^v?[0-9]+$|[a-z]v[0-9]+$/.test(word);

const isForbidden = (word: string, tier: string | undefined): boolean =>
  forbiddenWords.has(word) ||
  forbiddenWords.has(word.replace(/v?[0-9]+$/, "")) ||
  isVersion(word) ||
  (trial.has(word) && tier !== "sandbox");

export const instanceHasProductName = resourceRule({
  name: "instance-has-product-name",
  pack: "naming",
  severity: "high",
  demand:
    "An instance is named after its product: 3 to 40 lower-case letters, digits and hyphens, with no algorithm, version or stage in it (test in sandboxes only).",
  reason: "The name becomes a host, a bucket and a database that can't be renamed, while algorithm and version change.",
  types: [kubernetesType.namespace],
  *check(namespace) {
    if (!isInstanceNamespace(namespace)) return;
    const { instance, tier, environment } = placeOf(namespace);
    if (instance === undefined) return yield `The namespace of an instance needs the label ${label.instance} with the instance's name.`;
    if (!pattern.test(instance)) return yield `The instance name "${instance}" does not match ${pattern.source}; rename its file.`;
    const prefix = `${environment}-`;
    const own = isPreviewEnvironment(environment) && instance.startsWith(prefix) ? instance.slice(prefix.length) : instance;
    const word = own.split("-").find((part) => isForbidden(part, tier));
    if (word !== undefined) yield `The instance name "${instance}" contains "${word}", an algorithm, version or stage; name the product.`;
  },
});
