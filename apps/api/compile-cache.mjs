// node compile-cache.mjs FOLDER: loads every chunk of the bundle once, so that V8 leaves what it compiled in
// FOLDER/compile-cache, where the service looks for it. It serves the very version of Node that made it and is ignored by others.
import { readdirSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = resolve(process.argv[2] ?? 'dist');
enableCompileCache({ directory: join(folder, 'compile-cache'), portable: true });
const chunks = readdirSync(join(folder, 'chunks')).filter((file) => file.endsWith('.js'));
for (const chunk of chunks) await import(pathToFileURL(join(folder, 'chunks', chunk)).href);
