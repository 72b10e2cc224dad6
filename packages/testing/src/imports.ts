import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** An import in a source file, including an import of types. */
export interface Import {
  /** Path of the importing file, relative to the folder that was searched. */
  readonly file: string;
  /** The text between the quotes, such as `./model.ts`. */
  readonly specifier: string;
}

/** Returns the imports of all TypeScript files in a folder, including test files. */
export function importsIn(folder: string): Import[] {
  const files = globSync('**/*.{ts,mts}', {
    cwd: folder,
    exclude: ['**/node_modules/**', '**/dist/**'],
  });
  return files.flatMap((file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    const matches = text.matchAll(/(?:from|import|import\()\s*'([^']+)'/g);
    return [...matches].map(([, specifier]) => ({ file, specifier: specifier as string }));
  });
}

/**
 * Returns the path of an imported file, relative to the folder that was searched. Returns undefined
 * if the import names a package.
 */
export function targetOf({ file, specifier }: Import): string | undefined {
  return specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : undefined;
}

/** Returns the nodes of a graph that belong to a cycle. */
export function nodesInCycles(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const reachable = (from: string, seen = new Set<string>()): Set<string> => {
    for (const target of edges.get(from) ?? [])
      if (!seen.has(target)) reachable(target, seen.add(target));
    return seen;
  };
  return [...edges.keys()].filter((node) => reachable(node).has(node));
}
