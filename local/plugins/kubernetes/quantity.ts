// Kubernetes quantities. The API server stores them in a canonical form ("1024Mi" becomes "1Gi"),
// so inputs must take the same form or every preview would show a change.

const decimal = new Map<string, number>([["n", -9], ["u", -6], ["m", -3], ["", 0], ["k", 3], ["M", 6], ["G", 9], ["T", 12], ["P", 15], ["E", 18]]); // prettier-ignore
const binary = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const nano = 10n ** 9n;

function ceilDivide(value: bigint, by: bigint): bigint {
  return value / by + (value % by > 0n ? 1n : 0n);
}

function decimalForm(value: bigint, exponentForm: boolean): string {
  for (const [suffix, exponent] of [...decimal].reverse()) {
    const unit = 10n ** BigInt(exponent + 9);
    if (value % unit !== 0n) continue;
    return `${value / unit}${exponentForm && exponent !== 0 ? `e${exponent}` : suffix}`;
  }
  return String(value);
}

/**
 * The canonical form, or the text itself when it is no quantity (the API server then says what is
 * wrong with it).
 */
export function canonicalQuantity(given: string): string {
  const match =
    /^([+-]?)(\d*)(?:\.(\d*))?(?:([eE][+-]?\d{1,2})|(Ki|Mi|Gi|Ti|Pi|Ei)|([numkMGTPE]))?$/.exec(
      given.trim(),
    );
  if (!match) return given;
  const [, sign, whole = "", fraction = "", exponent, binarySuffix, decimalSuffix = ""] = match;
  if (whole === "" && fraction === "") return given;
  let numerator = BigInt(whole + fraction) * nano;
  let denominator = 10n ** BigInt(fraction.length);
  if (binarySuffix) numerator *= 1024n ** BigInt(binary.indexOf(binarySuffix) + 1);
  const power = exponent
    ? Number(exponent.slice(1))
    : binarySuffix
      ? 0
      : decimal.get(decimalSuffix)!;
  if (power >= 0) numerator *= 10n ** BigInt(power);
  else denominator *= 10n ** BigInt(-power);
  const magnitude = ceilDivide(numerator, denominator);
  if (magnitude === 0n) return "0";
  const minus = sign === "-" ? "-" : "";
  if (!binarySuffix || magnitude < 1024n * nano)
    return minus + decimalForm(magnitude, exponent !== undefined);
  let bytes = ceilDivide(magnitude, nano);
  let step = 0;
  while (step < binary.length && bytes % 1024n === 0n) {
    bytes /= 1024n;
    step += 1;
  }
  return `${minus}${bytes}${step === 0 ? "" : binary[step - 1]}`;
}
