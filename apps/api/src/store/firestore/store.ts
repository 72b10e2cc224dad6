import { setTimeout as delay } from 'node:timers/promises';
import { collections } from '@andamio/schema/firestore-layout';
import type { Firestore, Timestamp } from '@google-cloud/firestore';
import {
  type IssueCommand,
  type IssueOutcome,
  type KeyStore,
  OutcomeUnknownError,
  StoreUnavailableError,
  storeDeadline,
} from '../../keys/store.ts';
import type { FirestoreAddress } from './client.ts';
import { withDeadline } from './deadline.ts';
import {
  documentsOf,
  documentWriter,
  type Found,
  type KeyDocuments,
  type NameDocument,
  type OwnerDocument,
  ownerAfterIssue,
  parseName,
  parseOwner,
} from './documents.ts';
import { OwnerQueue } from './owner-queue.ts';

/** How long the store may take to show that it is there, in milliseconds. */
const checkDeadline = 2_000;

/** Between attempts that other processes got ahead of: at first, and at most, in milliseconds; the real pause is random. */
const backoff = { first: 10, longest: 400 } as const;

/** gRPC's status codes (google.rpc.Code) that decide what a failed commit means. */
const refusedByPrecondition = new Set([5, 6, 9, 10]); // NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION, ABORTED
const nothingWritten = new Set([3, 7, 8, 12, 16]); // INVALID_ARGUMENT, PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNIMPLEMENTED, UNAUTHENTICATED

const codeOf = (error: unknown) => (error as { code?: number }).code ?? -1;

/** What the documents that decide about a key said when they were read. */
interface View {
  readonly owner: Found<OwnerDocument> | undefined;
  readonly name: Found<NameDocument> | undefined;
}

/** The first guess costs no read: it is right for an owner's first key, and its preconditions find out if not. */
const nothingStored: View = { owner: undefined, name: undefined };

function outcomeOf({ owner, name }: View, { record, maximumKeys }: IssueCommand): IssueOutcome | 'free' {
  // A commit is repeated when its answer is lost: refused, it may have been refused by itself.
  if (owner !== undefined && Object.hasOwn(owner.content.active, record.id)) return 'issued';
  if (name !== undefined && name.content.remove_at > record.createdAt) return 'name_taken';
  const held = Object.values(owner?.content.active ?? {}).filter((expiresAt) => expiresAt > record.createdAt);
  return held.length < maximumKeys ? 'free' : 'key_limit_reached';
}

/**
 * Keeps keys in Firestore. What one owner's requests contend for is decided by preconditions on the owner's document; no
 * document is written by the requests of many owners.
 */
export function createFirestoreStore(address: FirestoreAddress): KeyStore {
  const queue = new OwnerQueue();
  let opening: ReturnType<typeof load> | undefined;

  async function load() {
    const { openFirestore, timestampOf } = await import('./client.ts');
    return { firestore: openFirestore(address), write: documentWriter(timestampOf) };
  }

  function open() {
    opening ??= load().catch((cause: unknown) => {
      opening = undefined;
      throw new StoreUnavailableError('The Firestore client could not be made.', { cause });
    });
    return opening;
  }

  async function read(firestore: Firestore, { owner, name }: KeyDocuments): Promise<View> {
    const [ownerSnapshot, nameSnapshot] = await firestore.getAll(owner, name);
    return {
      owner: ownerSnapshot && parseOwner(ownerSnapshot),
      name: nameSnapshot && parseName(nameSnapshot),
    };
  }

  /** Writes owner, name and key at once, provided that nothing changed since the view. Says whether they are written. */
  async function commit(documents: KeyDocuments, view: View, { record, tierClaim }: IssueCommand): Promise<boolean> {
    const { firestore, write } = await open();
    const batch = firestore.batch();
    const put = (document: KeyDocuments['owner'], fields: object, found: { updateTime: Timestamp } | undefined) =>
      found === undefined
        ? batch.create(document, fields)
        : batch.update(document, fields, { lastUpdateTime: found.updateTime });
    put(documents.owner, write.owner(ownerAfterIssue(view.owner?.content, record, tierClaim)), view.owner);
    put(documents.name, write.name(record), view.name);
    put(documents.key, write.key(record), undefined);
    try {
      await batch.commit();
      return true;
    } catch (cause) {
      if (refusedByPrecondition.has(codeOf(cause))) return false;
      if (nothingWritten.has(codeOf(cause))) throw new StoreUnavailableError('Firestore refused the write.', { cause });
      throw new OutcomeUnknownError('Firestore did not confirm the write.', { cause });
    }
  }

  async function issue(command: IssueCommand): Promise<IssueOutcome> {
    const { firestore } = await open();
    const documents = documentsOf(firestore, command.record);
    let view = nothingStored;
    for (let pause: number = backoff.first; ; pause = Math.min(pause * 2, backoff.longest)) {
      const outcome = outcomeOf(view, command);
      if (outcome !== 'free') return outcome;
      if (await commit(documents, view, command)) return 'issued';
      if (view !== nothingStored) await delay(Math.random() * pause);
      view = await read(firestore, documents);
    }
  }

  return {
    issue(command) {
      const until = Date.now() + storeDeadline;
      return queue.run(command.record.userId, () => withDeadline(until - Date.now(), () => issue(command)));
    },

    check: () =>
      withDeadline(checkDeadline, async () => {
        const { firestore } = await open();
        await firestore.collection(collections.owners.id).doc('readiness').get();
      }).catch((cause: unknown) => {
        throw new StoreUnavailableError('Firestore does not answer.', { cause });
      }),

    async close() {
      await queue.settled();
      const client = await opening?.catch(() => undefined);
      await client?.firestore.terminate();
    },
  };
}
