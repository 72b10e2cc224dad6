// node compile-cache.mjs FOLDER: loads every chunk of the bundle once, so that V8 leaves its compiled code in
// FOLDER/compile-cache, where the service looks for it. It serves the very version of Node, and the user, that made it
// (the folder's name ends in the user's id), and is ignored by others.
import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { enableCompileCache, flushCompileCache } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = resolve(process.argv[2] ?? 'dist');
const cache = join(folder, 'compile-cache');
// What another Node left, or this one under another path, would be kept as it is.
rmSync(cache, { recursive: true, force: true });
enableCompileCache({ directory: cache, portable: true });
const chunks = readdirSync(join(folder, 'chunks')).filter((file) => file.endsWith('.js'));
for (const chunk of chunks) await import(pathToFileURL(join(folder, 'chunks', chunk)).href);
flushCompileCache();
// Node writes the files for their owner alone, and the service runs as another user.
for (const file of readdirSync(cache, { recursive: true, withFileTypes: true })) {
  if (file.isFile()) chmodSync(join(file.parentPath, file.name), 0o644);
}
