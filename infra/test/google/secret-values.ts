import type { Properties } from './resource-type.ts';

/** Name of the property that marks a secret value in the engine's requests to providers. */
const mark = '4dabf18193072939515e22adb298388d';
const secretMark = '1b47061264138c4ac30d75fd1eb44270';

interface Marked {
  readonly [mark]: typeof secretMark;
  readonly value: unknown;
}

const isMarked = (value: unknown): value is Marked =>
  typeof value === 'object' && value !== null && (value as Partial<Marked>)[mark] === secretMark;

function openValue(value: unknown): unknown {
  if (isMarked(value)) return openValue(value.value);
  if (Array.isArray(value)) return value.map(openValue);
  if (typeof value !== 'object' || value === null) return value;
  return openSecrets(value as Properties);
}

/** Returns the properties with all secret values unwrapped. */
export function openSecrets(properties: Properties): Properties {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name, openValue(value)]),
  );
}

function holdsSecret(value: unknown): boolean {
  return (
    isMarked(value) ||
    (typeof value === 'object' && value !== null && Object.values(value).some(holdsSecret))
  );
}

/** Marks as secret those outputs whose counterparts in `like` are secret. */
export function markSecrets(outputs: Properties, like: Properties): Properties {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, value]) => [
      name,
      holdsSecret(like[name]) ? ({ [mark]: secretMark, value } satisfies Marked) : value,
    ]),
  );
}
