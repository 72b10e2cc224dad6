import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LogEvent, logEvents } from '@andamio/schema/log-events';
import { describe, expect, test } from 'vitest';

interface Condition {
  readonly conditionMatchedLog?: {
    readonly filter: string;
    readonly labelExtractors?: Readonly<Record<string, string>>;
  };
}

interface Alert {
  readonly displayName: string;
  readonly severity: string;
  readonly conditions: readonly Condition[];
  readonly documentation: { readonly content: string };
}

/** Returns the alerts in a stack's reviewed snapshot. */
function alertsOf(stack: string): Alert[] {
  const file = join(import.meta.dirname, `snapshots/${stack}.json`);
  return (
    JSON.parse(readFileSync(file, 'utf8')) as { readonly type: string; readonly inputs: Alert }[]
  )
    .filter(({ type }) => type === 'gcp:monitoring/alertPolicy:AlertPolicy')
    .map(({ inputs }) => inputs);
}

const matching = (stack: string, { event }: LogEvent) =>
  alertsOf(stack).find(({ conditions }) =>
    conditions.some(({ conditionMatchedLog }) =>
      conditionMatchedLog?.filter.includes(`jsonPayload.event="${event}"`),
    ),
  );

const page = readFileSync(join(import.meta.dirname, '../../docs/failure-modes.md'), 'utf8');

describe.each([
  ['keyStoreUnavailable', 'cannot reach its database'],
  ['redisUnavailable', 'counts rate limits per instance'],
  ['signingKeysUnavailable', 'cannot fetch signing keys'],
] as const)('the log message %s', (event, title) => {
  const alert = matching('prod', logEvents[event]);

  test('triggers an alert for warnings of this service only', () => {
    expect(alert?.displayName).toBe(`andamio-api ${title}`);
    const [condition] = alert?.conditions ?? [];
    expect(condition?.conditionMatchedLog?.filter).toMatch(
      /^resource\.type="cloud_run_revision" AND resource\.labels\.service_name="andamio-api" AND severity>=WARNING AND /,
    );
  });

  test('provides every label that the advice of the alert uses', () => {
    const shown = alert?.documentation.content.matchAll(/\$\{log\.extracted_label\.(\w+)\}/g) ?? [];
    const extracted = alert?.conditions[0]?.conditionMatchedLog?.labelExtractors ?? {};
    expect([...shown].map(([, name]) => name).sort()).toEqual(Object.keys(extracted).sort());
  });

  test('has its alert documented on the page of failure modes', () => {
    expect(page).toContain(`alert "${title}"`);
  });
});

test('docs/operate.md lists every alert by its title, with its severity', () => {
  const runbooks = readFileSync(join(import.meta.dirname, '../../docs/operate.md'), 'utf8');
  const [, section = ''] = runbooks.split('## Read the alerts');
  const listed = [...section.matchAll(/^\| ([^|]+) \| `([A-Z]+)` \|/gm)];
  const alerts = alertsOf('prod').map(({ displayName, severity }) => [displayName, severity]);
  expect(listed.map(([, title, severity]) => [`andamio-api ${title}`, severity]).sort()).toEqual(
    alerts.sort(),
  );
});

test('a stack without shared counters has no alert for them', () => {
  expect(matching('dev', logEvents.redisUnavailable)).toBeUndefined();
});
