/** The number of a duration in days such as `30d`; undefined for anything else. */
export const daysOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^[0-9]{1,4}d$/.test(text) ? Number(text.slice(0, -1)) : undefined;
