import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A field of a message in an API description. */
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

/** The messages of one API that the fake uses, and the revision of the API's description. */
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
    ...Object.fromEntries(
      kept.filter((key) => field[key] !== undefined).map((key) => [key, field[key]]),
    ),
    ...(field.items && { items: reduce(field.items) }),
    ...(field.additionalProperties && { additionalProperties: reduce(field.additionalProperties) }),
  };
}

function refs(field: Field): string[] {
  return [
    field.$ref,
    field.items && refs(field.items),
    field.additionalProperties && refs(field.additionalProperties),
  ]
    .flat()
    .filter((name): name is string => name !== undefined);
}

/**
 * Reads the committed excerpts of Google's API descriptions. Returns the root messages and all
 * messages that they refer to.
 *
 * @param folder a folder with one file per API, such as `run-v2.json`
 * @param roots names of the root messages, by API
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
        const message = Object.fromEntries(
          Object.entries(properties).map(([key, field]) => [key, reduce(field)]),
        );
        messages[name] = message;
        for (const reached of Object.values(message).flatMap(refs)) collect(reached);
      };
      for (const name of names) collect(name);
      return [api, { revision: document.revision, messages }];
    }),
  );
}
