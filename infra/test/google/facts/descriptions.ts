import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A field of a message in Google's API descriptions. */
export interface Field {
  readonly type?: string;
  readonly $ref?: string;
  readonly enum?: readonly string[];
  readonly required?: boolean;
  readonly readOnly?: boolean;
  readonly immutable?: boolean;
  readonly items?: Field;
  readonly additionalProperties?: Field;
}

export type Message = Readonly<Record<string, Field>>;

/** The required messages of one API, with the revision of their description. */
export interface Description {
  readonly revision: string;
  readonly messages: Readonly<Record<string, Message>>;
}

interface Document {
  readonly revision: string;
  readonly schemas: Record<string, { readonly properties?: Record<string, Field> }>;
}

const kept = ['type', '$ref', 'enum', 'required', 'readOnly', 'immutable'] as const;

function reduce(field: Field): Field {
  return {
    ...Object.fromEntries(kept.filter((key) => field[key] !== undefined).map((key) => [key, field[key]])),
    ...(field.items && { items: reduce(field.items) }),
    ...(field.additionalProperties && { additionalProperties: reduce(field.additionalProperties) }),
  };
}

function refs(field: Field): string[] {
  return [field.$ref, field.items && refs(field.items), field.additionalProperties && refs(field.additionalProperties)]
    .flat()
    .filter((name): name is string => name !== undefined);
}

/**
 * Reads messages and the messages that they refer to from reduced API descriptions.
 *
 * @param folder contains `API.json` for each API, e.g. `run-v2.json`
 * @param roots message names by API
 */
export function readDescriptions(
  folder: string,
  roots: Readonly<Record<string, readonly string[]>>,
): Record<string, Description> {
  return Object.fromEntries(
    Object.entries(roots).map(([api, names]) => {
      const document = JSON.parse(readFileSync(join(folder, `${api}.json`), 'utf8')) as Document;
      const messages: Record<string, Message> = {};
      const collect = (name: string) => {
        if (name in messages) return;
        const properties = document.schemas[name]?.properties;
        if (properties === undefined) throw new Error(`${api} has no message ${name}.`);
        const message = Object.fromEntries(Object.entries(properties).map(([key, field]) => [key, reduce(field)]));
        messages[name] = message;
        for (const reached of Object.values(message).flatMap(refs)) collect(reached);
      };
      for (const name of names) collect(name);
      return [api, { revision: document.revision, messages }];
    }),
  );
}
