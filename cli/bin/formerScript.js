// What an npm script of before is now; for one release. Plain JavaScript: an older Node reads it.
const [script, verb = script] = process.argv.slice(2);
console.error(`npm run ${script} is now: npx mlflow-instances ${verb}`);
process.exitCode = 2;
