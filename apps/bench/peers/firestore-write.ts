import { Firestore } from '@google-cloud/firestore';

// The minimal program that writes a document to Firestore.
const firestore = new Firestore({ projectId: 'bench-write' });
await firestore.collection('keys').doc().create({ name: 'MyFirstKey', created_at: new Date() });
process.stdout.write('written\n');
