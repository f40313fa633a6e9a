/** The known names, those that a mistyped one most likely meant first. */
export function nearestFirst(typed: string, known: readonly string[]): string[] {
  return known
    .map((name) => ({ name, distance: distance(typed.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .map(({ name }) => name);
}

/**
 * `did you mean …? ` for a mistyped name, where a known one is close: up to a third of its letters
 * differ, or the name is a part of just one known name. Else empty.
 */
export function suggestion(typed: string, known: readonly string[]): string {
  const [nearest] = nearestFirst(typed, known);
  // Of three letters, each other word is close.
  if (nearest === undefined || typed.length < 4) return "";
  const [from, to] = [typed.toLowerCase(), nearest.toLowerCase()];
  const wider = known.filter((name) => name.toLowerCase().includes(from));
  const isClose = distance(from, to) <= Math.max(from.length, to.length) / 3;
  const meant = isClose ? nearest : wider.length === 1 ? wider[0] : undefined;
  return meant === undefined ? "" : `did you mean ${meant}? `;
}

// Levenshtein with neighbours swapped: the number of letters that are inserted, removed, changed or
// swapped with the next one.
function distance(from: string, to: string): number {
  let beforeAbove: number[] = [];
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const changed = above[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1);
      const isSwapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const swapped = isSwapped && row > 1 && column > 1 ? beforeAbove[column - 2]! + 1 : Infinity;
      current.push(Math.min(changed, swapped, above[column]! + 1, current[column - 1]! + 1));
    }
    [beforeAbove, above] = [above, current];
  }
  return above[to.length]!;
}
