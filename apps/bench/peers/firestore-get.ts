import { Firestore } from '@google-cloud/firestore';
import { performWhenTold } from './perform.ts';

// Reads a key with only the client library: one document by its name.
const firestore = new Firestore({ projectId: process.env['BENCH_PROJECT'] as string });
const documents = await firestore.collection('keys').listDocuments();

performWhenTold(async (index) => {
  const snapshot = await (documents[index % documents.length] as (typeof documents)[number]).get();
  if (snapshot.data() === undefined) throw new Error('The document does not exist.');
});
