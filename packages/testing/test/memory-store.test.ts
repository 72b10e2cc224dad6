import { testAgainstModel } from '../src/store/against-model.ts';
import { describeKeyStore } from '../src/store/contract.ts';
import { createMemoryStore } from '../src/store/memory-store.ts';
import { withOperations } from '../src/store/operations.ts';

function create() {
  const store = withOperations(createMemoryStore());
  return { store, another: () => store };
}

describeKeyStore('memory', create);
testAgainstModel('memory', create, 1_000);
