import type { ResourceValidationPolicy } from "@pulumi/policy";
import { isInstanceNamespace, label, metadataOf, rule } from "../resources.ts";

const pattern = /^[a-z][a-z0-9-]{1,38}[a-z0-9]$/;

/** Words that name a method, a library or one model's stage. */
export const forbiddenWords: ReadonlySet<string> = new Set(
  (
    "arima automl bert catboost cnn deepar distilbert gan gbdt gbm glm gpt gru hdbscan keras kmeans knn lasso lgbm lightgbm llama logreg lstm mistral mlp " +
    "prophet pytorch randomforest resnet rnn roberta sklearn svd svm tensorflow transformer transformers umap unet vae vit word2vec xgb xgboost yolo " +
    "final latest new newest old draft copy backup tmp temp beta alpha rc"
  ).split(" "),
);

const isVersion = (word: string) => /^v?[0-9]+$|[a-z]v[0-9]+$/.test(word);

/** An instance's name becomes a host, a bucket and a database that can't be renamed: it names the product, not its present algorithm or version. */
export const instanceHasProductName: ResourceValidationPolicy = {
  name: "instance-has-product-name",
  description:
    "An instance is named after its product: 3 to 40 lower-case letters, digits and hyphens, with no algorithm, version or stage in it.",
  validateResource: rule(isInstanceNamespace, (props) => {
    const name = metadataOf(props).labels?.[label.instance];
    if (name === undefined) return [`The namespace of an instance needs the label ${label.instance} with the instance's name.`];
    if (!pattern.test(name)) return [`The instance name "${name}" does not match ${pattern.source}; rename its file.`];
    const word = name
      .split("-")
      .find((part) => forbiddenWords.has(part) || forbiddenWords.has(part.replace(/v?[0-9]+$/, "")) || isVersion(part));
    return word === undefined ? [] : [`The instance name "${name}" contains "${word}", an algorithm, version or stage; name the product.`];
  }),
};
