import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The type of an argument: a scalar, a list or map, or the name of an object type. */
export type ArgumentType =
  | 'string'
  | 'number'
  | 'boolean'
  | 'any'
  | { readonly list: ArgumentType }
  | { readonly map: ArgumentType }
  | { readonly object: string };

interface Argument {
  readonly type: ArgumentType;
  readonly required: boolean;
}

export type Arguments = Readonly<Record<string, Argument>>;

/** The arguments of resource types, and the object types to which the arguments refer. */
export interface Typings {
  readonly package: string;
  readonly version: string;
  readonly resources: Readonly<Record<string, Arguments>>;
  readonly objects: Readonly<Record<string, Arguments>>;
}

const require = createRequire(import.meta.url);

function parseType(text: string): ArgumentType {
  const type = text
    .replaceAll('pulumi.Input<', '<')
    .replace(/ \| undefined/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  const inner = /^<(.*)>$/.exec(type)?.[1];
  if (inner !== undefined) return parseType(inner);
  if (type === 'string' || type === 'number' || type === 'boolean') return type;
  if (type === 'any' || type === 'pulumi.asset.Asset | pulumi.asset.Archive') return 'any';
  const list = /^(.*)\[\]$/.exec(type)?.[1];
  if (list !== undefined) return { list: parseType(list) };
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(type)?.[1];
  if (map !== undefined) return { map: parseType(map) };
  const object = /^inputs\.([\w.]+)$/.exec(type)?.[1];
  if (object !== undefined) return { object };
  if (/^enums\./.test(type) || / \| /.test(type)) return 'string';
  throw new Error(`The typings have a form that is not known: ${type}`);
}

function parseMembers(body: string): Arguments {
  const members = body.replace(/\/\*\*.*?\*\//gs, '').matchAll(/^\s*(\w+)(\??): ([\s\S]*?);\s*$/gm);
  const joined = [...members].map(([, name, optional, type]) => [
    name as string,
    { type: parseType(type as string), required: optional === '' },
  ]);
  return Object.fromEntries(joined);
}

/**
 * Returns the source of each object type, by qualified name such as `cloudrunv2.ServiceTemplate`.
 */
function objectTypes(source: string): Map<string, string> {
  const found = new Map<string, string>();
  let namespace = '';
  let name: string | undefined;
  let lines: string[] = [];
  for (const line of source.split('\n')) {
    const opens = /^export declare namespace (\w+) \{/.exec(line)?.[1];
    if (opens) namespace = `${opens}.`;
    else if (line === '}' && name === undefined) namespace = '';
    const begins = /^ *(?:export )?interface (\w+) \{/.exec(line)?.[1];
    if (begins) {
      name = `${namespace}${begins}`;
      lines = [];
    } else if (name !== undefined && (line === '    }' || (line === '}' && namespace === ''))) {
      found.set(name, lines.join('\n'));
      name = undefined;
    } else if (name !== undefined) lines.push(line);
  }
  return found;
}

const referenced = (type: ArgumentType): string[] => {
  if (typeof type === 'string') return [];
  if ('object' in type) return [type.object];
  return referenced('list' in type ? type.list : type.map);
};

/**
 * Joins the lines of a map type that spans several lines, because the patterns match single lines.
 */
const joinLines = (body: string) =>
  body.replace(/\{\n\s*\[key: string\]: (.*?);\n\s*\}/g, '{ [key: string]: $1; }');

/**
 * Reads the arguments of resource types from the typings of a Pulumi package. The typings are
 * generated in a uniform format, so a few patterns suffice. Any other format causes an error.
 *
 * @param packageName such as `@pulumi/gcp`
 * @param tokens resource types such as `gcp:cloudrunv2/service:Service`
 */
export function readTypings(packageName: string, tokens: readonly string[]): Typings {
  const folder = dirname(require.resolve(`${packageName}/package.json`));
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    version: string;
  };
  const all = objectTypes(readFileSync(join(folder, 'types/input.d.ts'), 'utf8'));
  const objects: Record<string, Arguments> = {};
  const collect = (types: Arguments) => {
    for (const object of Object.values(types).flatMap(({ type }) => referenced(type))) {
      if (object in objects) continue;
      const body = all.get(object);
      if (body === undefined) throw new Error(`The typings of ${packageName} lack ${object}.`);
      const members = parseMembers(joinLines(body));
      objects[object] = members;
      collect(members);
    }
  };
  const resources: Record<string, Arguments> = {};
  for (const token of tokens) {
    const [, module, name] = token.split(':') as [string, string, string];
    const path =
      module === 'index'
        ? 'image.d.ts'
        : `${module.split('/')[0]}/${module.split('/')[1]?.replace(/^iAM(.)/, (_, next: string) => `iam${next.toLowerCase()}`)}.d.ts`;
    const source = readFileSync(join(folder, path), 'utf8');
    const body = new RegExp(`export interface ${name}Args \\{\\n([\\s\\S]*?)\\n\\}`).exec(
      source,
    )?.[1];
    if (body === undefined) throw new Error(`The typings of ${packageName} lack ${name}Args.`);
    const members = parseMembers(joinLines(body));
    resources[token] = members;
    collect(members);
  }
  return { package: packageName, version, resources, objects };
}
