import { Firestore } from '@google-cloud/firestore';

// The minimum that a process must do to write to Firestore.
const firestore = new Firestore({ projectId: 'bench-write' });
await firestore.collection('keys').doc().create({ name: 'MyFirstKey', created_at: new Date() });
process.stdout.write('written\n');
