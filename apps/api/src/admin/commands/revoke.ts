import { isKey } from '@andamio/schema/key-format';
import { createDigester, digestKeyOf } from '@andamio/verification/digest';
import { type RevokedKey, revokeKey } from '../../keys/revoke.ts';
import { type Context, defineCommand, type Report, UsageError } from '../command.ts';
import { authorOf, changeOptions, changeUsage, userOf } from '../options.ts';
import { counted, printable } from '../text.ts';

type Author = ReturnType<typeof authorOf>;

const nothing: Report = { done: false, json: { outcome: 'no_such_key' }, text: ['There is no such key.'] };

function revoked(keys: readonly RevokedKey[]): Report {
  if (keys.length === 0) return nothing;
  return {
    done: true,
    json: { outcome: 'revoked', keys: keys.map(({ id, userId, name }) => ({ id, user_id: userId, name })) },
    text: [
      ...keys.map(({ id, userId, name }) => `${id}  ${printable(userId)}  ${printable(name)}`),
      `${counted(keys.length, 'key')} revoked.`,
    ],
  };
}

async function revokeFromInput({ store, peppers, now, readInput }: Context, { by, reason }: Author): Promise<Report> {
  const key = (await readInput()).trim();
  if (!isKey(key)) {
    return {
      done: false,
      json: { outcome: 'not_a_key' },
      text: ['What was read is no key of this service, or mistyped.'],
    };
  }
  const digesters = peppers.map((pepper) => createDigester(digestKeyOf(pepper)));
  const outcome = await revokeKey({ store, digesters, now }, key, by, reason);
  return outcome === 'no_such_key' ? nothing : revoked([outcome]);
}

async function revokeById({ store, now }: Context, id: string, author: Author): Promise<Report> {
  const outcome = await store.revoke({ ids: [id], ...author, now: Math.floor(now() / 1000) });
  return outcome === 'no_such_key' ? nothing : revoked([outcome]);
}

export const revoke = defineCommand({
  usage: `--key-stdin | --id DIGEST | --user ID ${changeUsage}`,
  summary: 'Ends one key, read from standard input or named by its digest, or all keys of a user.',
  options: { 'key-stdin': { type: 'boolean' }, id: { type: 'string' }, user: { type: 'string' }, ...changeOptions },
  plan(values) {
    const { 'key-stdin': fromInput, id, user } = values;
    if ([fromInput, id, user].filter((value) => value !== undefined).length !== 1) {
      throw new UsageError('One of --key-stdin, --id and --user is needed.');
    }
    const author = authorOf(values);
    if (fromInput) return (context) => revokeFromInput(context, author);
    if (id !== undefined) {
      if (!/^[0-9a-f]{64}$/.test(id)) throw new UsageError('--id must be a digest: 64 hexadecimal digits.');
      return (context) => revokeById(context, id, author);
    }
    const userId = userOf(values);
    return async ({ store, now }) =>
      revoked(await store.revokeAll({ userId, ...author, now: Math.floor(now() / 1000) }));
  },
});
