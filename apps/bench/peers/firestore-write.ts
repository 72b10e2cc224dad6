import { Firestore } from '@google-cloud/firestore';

// The least that a process must do to have written to Firestore.
const firestore = new Firestore({ projectId: 'bench-write' });
await firestore.collection('keys').doc().create({ name: 'MyFirstKey', created_at: new Date() });
process.stdout.write('written\n');
