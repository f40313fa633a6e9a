// What an npm script of before is now; for one release. Plain JavaScript: an older Node reads it.
const script = process.argv[2];
const verb = script === "preview-environment" ? "review-environment" : script;
console.error(`npm run ${script} is now: npx mlflow-instances ${verb}`);
process.exitCode = 2;
