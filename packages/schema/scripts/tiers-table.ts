import { tiers, unlimitedKeys } from '../src/tiers.ts';

/** Formats a number with thousands separators, such as `15,000`. */
const grouped = (number: number) => number.toLocaleString('en-US');

/** Returns the Markdown table of tiers. */
export function tiersTable(): string {
  const rows = Object.entries(tiers).map(([name, limits]) => {
    const cells = [
      name,
      grouped(limits.requestsPerMinute),
      grouped(limits.requestsPerDay),
      grouped(limits.requestsPerMonth),
      limits.maximumKeys === unlimitedKeys
        ? `unlimited (${grouped(unlimitedKeys)} at once)`
        : grouped(limits.maximumKeys),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| tier | per minute | per day | per month | keys |',
    '| --- | ---: | ---: | ---: | ---: |',
    ...rows,
  ].join('\n');
}
