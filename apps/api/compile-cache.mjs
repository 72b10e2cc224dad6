// node compile-cache.mjs FOLDER: loads every chunk of the bundle once, so that V8 saves its
// compiled code in FOLDER/compile-cache, where the service looks for it. The cache is valid only
// for the same version of Node and the same user (the folder's name ends in the user's id). Others
// ignore it.
import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { enableCompileCache, flushCompileCache } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = resolve(process.argv[2] ?? 'dist');
const cache = join(folder, 'compile-cache');
// Entries of another version of Node, or of another path, would otherwise accumulate.
rmSync(cache, { recursive: true, force: true });
enableCompileCache({ directory: cache, portable: true });
const chunks = readdirSync(join(folder, 'chunks')).filter((file) => file.endsWith('.js'));
for (const chunk of chunks) await import(pathToFileURL(join(folder, 'chunks', chunk)).href);
flushCompileCache();
// Node makes the files readable by their owner only, but the service runs as another user.
for (const file of readdirSync(cache, { recursive: true, withFileTypes: true })) {
  if (file.isFile()) chmodSync(join(file.parentPath, file.name), 0o644);
}
