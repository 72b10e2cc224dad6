import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { buffer } from 'node:stream/consumers';
import { makeKey } from '@andamio/schema/key-format';
import jwt, { type JwtPayload } from 'jsonwebtoken';
import { listen } from '../harness/listen.ts';

// This program does only the essential work of issuing a key. It verifies the token, parses the
// body, creates a key and computes its HMAC. It inserts the rows that the service inserts, and
// responds after the commit. It has no limits, maximum, log or error handling.

const { JWT_SECRETS: secret = '', KEY_PEPPERS: pepper = '' } = process.env;
const database = new DatabaseSync(join(process.cwd(), 'floor.db'));
database.exec(`
  PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000;
  CREATE TABLE owners (
    user_id TEXT PRIMARY KEY, created_at INTEGER, tier TEXT, tier_issued_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE keys (
    user_id TEXT, name TEXT, id TEXT, start TEXT, created_at INTEGER, expires_at INTEGER,
    expires_in_days INTEGER, pepper_version TEXT, remove_at INTEGER, serial TEXT,
    PRIMARY KEY (user_id, name)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX keys_by_id ON keys (id);
  CREATE INDEX keys_by_removal ON keys (remove_at);
  CREATE INDEX keys_by_expiry ON keys (user_id, expires_at);
  CREATE TABLE audit (
    at INTEGER, actor_kind TEXT, actor_id TEXT, action TEXT, user_id TEXT, name TEXT, key_id TEXT,
    remove_at INTEGER, reason TEXT
  ) STRICT;
  CREATE INDEX audit_by_user ON audit (user_id);
  CREATE INDEX audit_by_removal ON audit (remove_at);
`);
const insertOwner = database.prepare('INSERT OR IGNORE INTO owners VALUES (?, ?, ?, ?)');
const insertKey = database.prepare('INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
const insertAudit = database.prepare('INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');

let waiting: { insert: () => void; respond: () => void }[] = [];

/** Commits the inserts of one turn of the event loop in a single transaction. */
function commit(): void {
  const group = waiting;
  waiting = [];
  database.exec('BEGIN IMMEDIATE');
  for (const { insert } of group) insert();
  database.exec('COMMIT');
  for (const { respond } of group) respond();
}

function commitTogether(insert: () => void, respond: () => void): void {
  if (waiting.push({ insert, respond }) === 1) setImmediate(commit);
}

const timestamp = (seconds: number) => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
const day = 86_400;

const server = createServer(async (request, response) => {
  const token = request.headers.authorization?.slice('Bearer '.length) ?? '';
  const {
    sub = '',
    tier,
    iat = 0,
  } = jwt.verify(token, secret, { algorithms: ['HS256'] }) as JwtPayload;
  const { api_key_name: name, expires_in_days: days } = JSON.parse(
    (await buffer(request)).toString(),
  );
  const key = makeKey();
  const id = createHmac('sha256', pepper).update(key).digest('base64url');
  const now = Math.floor(Date.now() / 1000);
  const expiresAt = now + days * day;
  const removeAt = expiresAt + 30 * day;
  const body = JSON.stringify({
    api_key: key,
    created_at: timestamp(now),
    expires_at: timestamp(expiresAt),
    expires_in_days: days,
    is_active: true,
    name,
  });
  commitTogether(
    () => {
      insertOwner.run(sub, now, tier, iat);
      insertKey.run(sub, name, id, key.slice(0, 8), now, expiresAt, days, 'bench', removeAt, id);
      insertAudit.run(now, 'user', sub, 'key.issued', sub, name, id, removeAt, null);
    },
    () =>
      response
        .writeHead(200, {
          'Content-Type': 'application/json',
          'Content-Length': Buffer.byteLength(body),
          'Cache-Control': 'no-store',
        })
        .end(body),
  );
});

await listen(server);
