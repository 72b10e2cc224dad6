import { monthOf, usageDayDeleteAfter } from '@andamio/keys/usage/calendar';
import { nameField } from '@andamio/keys/usage/month';
import type { AddUsageCommand, UsageTotals } from '@andamio/keys/usage/store';
import {
  type DocumentSnapshot,
  type Firestore,
  Timestamp,
  type WriteBatch,
} from '@google-cloud/firestore';
import { nameOf } from '../../src/store/firestore/documents.ts';

function put(batch: WriteBatch, found: DocumentSnapshot, fields: object): void {
  const { updateTime } = found;
  if (updateTime === undefined) batch.create(found.ref, fields);
  else batch.update(found.ref, fields, { lastUpdateTime: updateTime });
}

/**
 * Adds usage in the format of earlier releases, which store each day in a separate document.
 * Returns the totals that such a release would return.
 */
export async function addUsageByDay(
  client: Firestore,
  { userId, day, counts }: Pick<AddUsageCommand, 'userId' | 'day' | 'counts'>,
): Promise<UsageTotals> {
  const references = [day, monthOf(day)].map((dayOrMonth) =>
    client.collection('usage').doc(nameOf(userId, dayOrMonth)),
  );
  const sum = [...counts.values()].reduce((all, requests) => all + requests, 0);
  const remove_at = new Timestamp(usageDayDeleteAfter(day), 0);
  for (;;) {
    const [dayFound, monthFound] = (await client.getAll(...references)) as [
      DocumentSnapshot,
      DocumentSnapshot,
    ];
    const requests = new Map(
      Object.entries((dayFound.get('requests') as object | undefined) ?? {}),
    );
    for (const [name, count] of counts)
      requests.set(
        nameField(name),
        ((requests.get(nameField(name)) as number | undefined) ?? 0) + count,
      );
    const totals = {
      day: ((dayFound.get('total') as number | undefined) ?? 0) + sum,
      month: ((monthFound.get('total') as number | undefined) ?? 0) + sum,
    };
    const batch = client.batch();
    const common = { user_id: userId, remove_at };
    put(batch, dayFound, {
      ...common,
      day,
      total: totals.day,
      requests: Object.fromEntries(requests),
      attempts: [crypto.randomUUID()],
    });
    put(batch, monthFound, { ...common, month: monthOf(day), total: totals.month });
    const committed = await batch.commit().then(
      () => true,
      (error: { code: number }) => {
        if ([5, 6, 9, 10].includes(error.code)) return false;
        throw error;
      },
    );
    if (committed) return totals;
  }
}
