import type { Properties } from './resource-type.ts';

const isObject = (value: unknown): value is Properties =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Reports whether a value is the first value of an enum. In Google's APIs, this value means that
 * the field is not set: https://google.aip.dev/126
 */
const isUnspecified = (value: unknown) =>
  typeof value === 'string' && /(^|_)UNSPECIFIED$/.test(value);

const isDefault = (value: unknown) =>
  value === undefined ||
  value === null ||
  value === false ||
  value === 0 ||
  value === '' ||
  (Array.isArray(value) && value.length === 0);

function without(value: unknown, isLeftOut: (member: unknown) => boolean): unknown {
  if (Array.isArray(value)) return value.map((each) => without(each, isLeftOut));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => !isLeftOut(member))
      .map(([name, member]) => [name, without(member, isLeftOut)]),
  );
}

/**
 * Returns a value in the form in which Google's APIs return it. Protocol Buffers omit fields with
 * default values in JSON: https://protobuf.dev/programming-guides/json/#presence
 */
function answered(value: unknown): unknown {
  return without(value, (member) => isDefault(member) || isUnspecified(member));
}

/**
 * Returns a response in the form in which the provider stores it. A declared argument that is not
 * in the response gets the zero value of its type, as in the Terraform provider.
 */
function kept(declared: unknown, answer: unknown): unknown {
  if (answer === undefined) {
    if (Array.isArray(declared)) return [];
    if (isObject(declared)) return {};
    return typeof declared === 'number' ? 0 : typeof declared === 'boolean' ? false : '';
  }
  if (Array.isArray(declared) && Array.isArray(answer))
    return answer.map((each, index) =>
      index < declared.length ? kept(declared[index], each) : each,
    );
  if (!isObject(declared) || !isObject(answer)) return answer;
  return {
    ...answer,
    ...Object.fromEntries(
      Object.entries(declared).map(([name, member]) => [name, kept(member, answer[name])]),
    ),
  };
}

/**
 * Returns declared properties in the form in which the provider reads them back from Google.
 *
 * @param documents names of the properties that contain a JSON document. The provider stores such a
 * document exactly as Google returns it.
 */
export function readBack(properties: Properties, documents: readonly string[] = []): Properties {
  const answer = answered(properties) as Properties;
  const back = kept(properties, answer) as Properties;
  for (const name of documents) {
    const document = properties[name];
    if (typeof document === 'string') back[name] = JSON.stringify(answered(JSON.parse(document)));
  }
  return back;
}

/**
 * Reports whether Terraform considers two values equal. A missing argument equals the zero value of
 * its type.
 */
export function isSame(old: unknown, declared: unknown): boolean {
  const [a, b] = [without({ old }, isDefault), without({ old: declared }, isDefault)];
  return canonical(a) === canonical(b);
}

/**
 * Reports whether the provider considers two JSON documents equal. Members that Google adds to a
 * document are ignored, as in `monitoringDashboardDiffSuppress` (resource_monitoring_dashboard.go
 * in the Terraform provider).
 */
export function isSameDocument(old: string, declared: string): boolean {
  const withoutAdditions = (there: unknown, wanted: unknown): unknown => {
    if (Array.isArray(there) && Array.isArray(wanted))
      return there.map((each, index) => withoutAdditions(each, wanted[index]));
    if (!isObject(there) || !isObject(wanted)) return there;
    return Object.fromEntries(
      Object.entries(there)
        .filter(([name]) => name in wanted)
        .map(([name, member]) => [name, withoutAdditions(member, wanted[name])]),
    );
  };
  const wanted = JSON.parse(declared);
  return canonical(withoutAdditions(JSON.parse(old), wanted)) === canonical(wanted);
}

/** Returns the JSON of a value, with the keys of all objects sorted. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member) =>
    isObject(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
