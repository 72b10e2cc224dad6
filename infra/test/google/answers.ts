import type { Properties } from './resource-type.ts';

const isObject = (value: unknown): value is Properties =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Reports whether a value is the first of an enum. In Google's APIs it means "not set".
 * https://google.aip.dev/126
 */
const isUnspecified = (value: unknown) => typeof value === 'string' && /(^|_)UNSPECIFIED$/.test(value);

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
 * Returns a value as Google's APIs return it. The JSON form of proto3 omits fields with their
 * default value. https://protobuf.dev/programming-guides/json/#presence
 */
function answered(value: unknown): unknown {
  return without(value, (member) => isDefault(member) || isUnspecified(member));
}

/**
 * Returns a response as the provider stores it. Declared arguments that the response omits get the
 * zero value of their type, like in the flatteners of the Terraform provider.
 */
function kept(declared: unknown, answer: unknown): unknown {
  if (answer === undefined) {
    if (Array.isArray(declared)) return [];
    if (isObject(declared)) return {};
    return typeof declared === 'number' ? 0 : typeof declared === 'boolean' ? false : '';
  }
  if (Array.isArray(declared) && Array.isArray(answer))
    return answer.map((each, index) => (index < declared.length ? kept(declared[index], each) : each));
  if (!isObject(declared) || !isObject(answer)) return answer;
  return {
    ...answer,
    ...Object.fromEntries(Object.entries(declared).map(([name, member]) => [name, kept(member, answer[name])])),
  };
}

/**
 * Returns properties as the provider reads them back from Google.
 *
 * @param documents the arguments that hold a JSON document, which the provider stores exactly as
 * Google returns it
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
 * Reports whether Terraform sees no change between two values. An unset argument equals its zero
 * value.
 */
export function isSame(old: unknown, declared: unknown): boolean {
  const [a, b] = [without({ old }, isDefault), without({ old: declared }, isDefault)];
  return canonical(a) === canonical(b);
}

/**
 * Reports whether the provider sees no change between two JSON documents. Google may choose values
 * that the declared document omits. See `monitoringDashboardDiffSuppress` in
 * resource_monitoring_dashboard.go of the Terraform provider.
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

/** Returns JSON with sorted object keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member) =>
    isObject(member) ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))) : member,
  );
}
