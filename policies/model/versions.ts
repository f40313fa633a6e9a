// Versions of MLflow, as Python packages write them: 3.17.2, 3.18.0rc1, 3.18.0.dev0.
const pattern = /^([0-9]+(?:\.[0-9]+)*)(?:\.?(dev|a|b|rc)([0-9]+))?(?:\.post[0-9]+)?$/;

const stages = ["dev", "a", "b", "rc"];

export const isVersion = (text: string): boolean => pattern.test(text);

/**
 * Negative when `a` is older than `b`, 0 when they are the same; a pre-release is older than its
 * release.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [orderOf(a), orderOf(b)];
  for (let index = 0; index < Math.max(left.numbers.length, right.numbers.length); index += 1) {
    const difference = (left.numbers[index] ?? 0) - (right.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.stage - right.stage || left.round - right.round;
}

function orderOf(version: string) {
  const [, numbers, stage, round] = pattern.exec(version) ?? [];
  if (numbers === undefined) throw new Error(`${version} is no version`);
  return {
    numbers: numbers.split(".").map(Number),
    stage: stage === undefined ? stages.length : stages.indexOf(stage),
    round: Number(round ?? 0),
  };
}
