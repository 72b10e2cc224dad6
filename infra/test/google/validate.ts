import argumentFacts from './facts/arguments.json' with { type: 'json' };
import descriptionFacts from './facts/descriptions.json' with { type: 'json' };
import type { Description, Field, Message } from './facts/descriptions.ts';
import type { Arguments, ArgumentType, Typings } from './facts/typings.ts';
import type { ResourceType } from './resource-type.ts';

/** The engine's placeholder for values that are unknown at preview. */
export const unknown = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

const packages = argumentFacts as unknown as Record<string, Typings>;
const apis = descriptionFacts.apis as unknown as Record<string, Description>;

/** Names of the APIs that can be enabled with `projects.Service`. */
export const knownServices: readonly string[] = descriptionFacts.services;

/**
 * Returns the arguments of a resource type.
 *
 * @throws if the type is not in arguments.json
 */
export function argumentsOf(token: string): Arguments {
  const found = packages[token.split(':')[0] as string]?.resources[token];
  if (found === undefined)
    throw new Error(`The fake Google does not know the resource type ${token}.`);
  return found;
}

/** Returns the fields of a resource type's message in Google's API description. */
function messageOf(type: ResourceType): Message {
  if (type.message === undefined) return {};
  const [api, name] = type.message;
  return apis[api]?.messages[name] ?? {};
}

/** Returns the names of the arguments that replace a resource of this type when they change. */
export function replacingArguments(token: string, type: ResourceType): string[] {
  const message = messageOf(type);
  return Object.keys(argumentsOf(token)).filter(
    (name) => type.replacedBy.includes(name) || message[name]?.immutable,
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Returns the possible names of an argument in Google's API. Pulumi uses plural names for lists,
 * and Google's names may be singular.
 */
function candidates(name: string, renamed: Readonly<Record<string, string>>): string[] {
  return [renamed[name] ?? name, name.replace(/ies$/, 'y'), name.replace(/s$/, '')];
}

class Validation {
  readonly problems: string[] = [];
  readonly objects: Readonly<Record<string, Arguments>>;
  readonly messages: Readonly<Record<string, Message>>;
  readonly renamed: Readonly<Record<string, string>>;
  readonly optional: readonly string[];

  constructor(token: string, type: ResourceType) {
    this.objects = packages[token.split(':')[0] as string]?.objects ?? {};
    this.messages = type.message ? (apis[type.message[0]]?.messages ?? {}) : {};
    this.renamed = type.fields ?? {};
    this.optional = type.optional ?? [];
  }

  object(
    path: string,
    value: Record<string, unknown>,
    declared: Arguments,
    message: Message | undefined,
  ): void {
    for (const [name, member] of Object.entries(value)) {
      if (name.startsWith('__')) continue;
      const argument = declared[name];
      const where = path === '' ? name : `${path}.${name}`;
      if (argument === undefined) this.problems.push(`${where} is not an argument`);
      else if (member !== undefined && member !== null) {
        const field = candidates(name, this.renamed)
          .map((each) => message?.[each])
          .find(Boolean);
        if (field?.readOnly) this.problems.push(`${where} is output only`);
        this.value(where, member, argument.type, field);
      }
    }
    for (const [name, { required }] of Object.entries(declared)) {
      const field = candidates(name, this.renamed)
        .map((each) => message?.[each])
        .find(Boolean);
      if (
        (required || (field?.required && !field.readOnly && !this.optional.includes(name))) &&
        value[name] === undefined
      ) {
        this.problems.push(`${path === '' ? name : `${path}.${name}`} is required`);
      }
    }
  }

  value(path: string, value: unknown, type: ArgumentType, field: Field | undefined): void {
    if (value === unknown || type === 'any') return;
    if (typeof type === 'string') {
      if (typeof value !== type) this.problems.push(`${path} must be a ${type}`);
      else if (field?.enum && !field.enum.includes(String(value)))
        this.problems.push(`${path} must be one of ${field.enum.join(', ')}`);
      return;
    }
    if ('list' in type) {
      if (!Array.isArray(value)) this.problems.push(`${path} must be a list`);
      else
        for (const [index, each] of value.entries())
          this.value(`${path}[${index}]`, each, type.list, field?.items ?? field);
      return;
    }
    if (!isObject(value)) {
      this.problems.push(`${path} must be an object`);
      return;
    }
    if ('map' in type) {
      for (const [key, each] of Object.entries(value))
        this.value(`${path}.${key}`, each, type.map, field?.additionalProperties);
      return;
    }
    const message = field?.$ref ?? field?.items?.$ref;
    this.object(
      path,
      value,
      this.objects[type.object] as Arguments,
      message ? this.messages[message] : undefined,
    );
  }
}

/**
 * Returns the problems with a resource's arguments: unknown names, wrong types or enum values,
 * output-only fields, and missing required fields.
 */
export function problemsOf(
  token: string,
  type: ResourceType,
  inputs: Record<string, unknown>,
): string[] {
  const validation = new Validation(token, type);
  validation.object('', inputs, argumentsOf(token), messageOf(type));
  return validation.problems;
}
