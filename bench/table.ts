export interface Row {
  readonly what: string;
  readonly figures: readonly number[];
  readonly unit: string;
  /** What the project set itself, as text. */
  readonly bound: string;
}

export const seconds = "s";

export const median = (figures: readonly number[]): number => {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
};

const show = (figure: number): string =>
  figure < 1 ? figure.toPrecision(2) : figure < 100 ? figure.toFixed(1) : figure.toFixed(0);

/** A Markdown table, so that it can go to the README as it is. */
export function printTable(rows: readonly Row[]): void {
  console.log("| what | median | min to max | runs | bound |\n|---|---|---|---|---|");
  for (const { what, figures, unit, bound } of rows) {
    const range = `${show(Math.min(...figures))} to ${show(Math.max(...figures))} ${unit}`;
    console.log(
      `| ${what} | ${show(median(figures))} ${unit} | ${range} | ${figures.length} | ${bound} |`,
    );
  }
}
