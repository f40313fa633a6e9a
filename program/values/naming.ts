import { instanceNamePattern, type Tier } from "@mlflow-instances/components/internal";

// An instance outlives its first model: its name becomes a host, a database and a bucket, none of
// which can be renamed. So it names the product, and nothing that the next version of the product
// will no longer be.

/** Words for a method or a library; digits behind one (`bert2`) don't make it a product. */
export const algorithmWords: ReadonlySet<string> = new Set(
  (
    "arima automl bert catboost cnn deepar distilbert gan gbdt gbm glm gpt gru hdbscan keras kmeans knn lasso lgbm lightgbm llama logreg lstm mistral mlp " +
    "prophet pytorch randomforest resnet rnn roberta sklearn svd svm tensorflow transformer transformers umap unet vae vit word2vec xgb xgboost yolo"
  ).split(" "),
);

/** Words for a stage of one model's life. */
export const stageWords: ReadonlySet<string> = new Set(
  "final latest new newest old draft copy backup tmp temp beta alpha rc".split(" "),
);

/** What is a fine name of a place to try things, and of nothing else. */
export const trialWords: ReadonlySet<string> = new Set(
  "test testing tests demo trial playground".split(" "),
);

/**
 * Why a name breaks the rule, or nothing. Without a tier (its file can't be read) what depends on
 * the tier is not asked.
 */
export function nameProblem(name: string, tier: Tier | undefined): string | undefined {
  if (/[A-Z]/.test(name))
    return "has an upper-case letter; names are lower case, as hosts and buckets are";
  if (name.length > 40)
    return `is ${name.length} characters long; at most 40, because bucket, database and host names are made from it`;
  if (!instanceNamePattern.test(name)) {
    return "is not 3 to 40 lower-case letters, digits and hyphens that begin with a letter and end with a letter or digit";
  }
  if (name === "preview")
    return "is reserved: it is the entry of review environments among the object store's keys";
  for (const word of name.split("-")) {
    if (algorithmWords.has(word) || algorithmWords.has(word.replace(/v?[0-9]+$/, ""))) {
      return `contains the algorithm "${word}"; name the product, since the algorithm will change and the name can't`;
    }
    if (stageWords.has(word))
      return `contains "${word}", which is a state of one model; name the product`;
    if (trialWords.has(word) && tier !== undefined && tier !== "sandbox") {
      return `contains "${word}", which only an instance of tier sandbox may; name the product, or set the tier`;
    }
    if (/^v?[0-9]+$|[a-z]v[0-9]+$/.test(word))
      return `contains the version or year "${word}"; MLflow versions models inside the instance`;
  }
  return undefined;
}
