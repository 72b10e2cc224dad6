import { randomUUID } from 'node:crypto';
import { Firestore } from '@google-cloud/firestore';
import { performWhenTold } from './perform.ts';

// Issues a key as the client library's guide suggests. A transaction reads the owner, then writes
// the owner and the key.
const firestore = new Firestore({ projectId: 'bench-transactions' });

performWhenTold(() => {
  const owner = firestore.collection('owners').doc(randomUUID());
  const key = firestore.collection('keys').doc(randomUUID());
  return firestore.runTransaction(async (transaction) => {
    const found = await transaction.get(owner);
    if (found.exists) throw new Error('The owner already exists.');
    const createdAt = new Date();
    transaction.set(owner, { user_id: owner.id, created_at: createdAt, keys: 1 });
    transaction.set(key, {
      user_id: owner.id,
      name: 'MyFirstKey',
      created_at: createdAt,
      expires_in_days: 365,
    });
  });
});
