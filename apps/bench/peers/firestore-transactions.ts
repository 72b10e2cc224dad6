import { randomUUID } from 'node:crypto';
import { Firestore } from '@google-cloud/firestore';
import { performWhenTold } from './perform.ts';

// What a key costs with the client library as its guide has it: look at the owner, write owner and key, in a transaction.
const firestore = new Firestore({ projectId: 'bench-transactions' });

performWhenTold(() => {
  const owner = firestore.collection('owners').doc(randomUUID());
  const key = firestore.collection('keys').doc(randomUUID());
  return firestore.runTransaction(async (transaction) => {
    const found = await transaction.get(owner);
    if (found.exists) throw new Error('The owner is new.');
    const createdAt = new Date();
    transaction.set(owner, { user_id: owner.id, created_at: createdAt, keys: 1 });
    transaction.set(key, { user_id: owner.id, name: 'MyFirstKey', created_at: createdAt, expires_in_days: 365 });
  });
});
