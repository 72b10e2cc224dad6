const presets = [7, 30, 90, 365];

/**
 * Returns the numbers of days to choose from: the presets below the maximum, and the maximum itself
 * unless it is greater than all presets.
 */
export function choicesOfDays(maximum: number): readonly number[] {
  const smaller = presets.filter((days) => days < maximum);
  return smaller.length < presets.length ? [...smaller, maximum] : presets;
}

/** The preset that is selected at first. The CIS benchmarks require rotation every 90 days. */
const preferred = 90;

/** Returns the number of days that is selected at first. */
export const initialDays = (maximum: number) => String(Math.min(preferred, maximum));
