// node scripts/release.ts STACK IMAGE@sha256:...: deploys a release. The new revision receives
// traffic only after it has issued a key. If a step fails after the first change, or a signal
// arrives, the script restores the previous image and fails.
//
// node scripts/release.ts STACK --recover: rolls back after an earlier run was killed or its
// rollback failed. It first waits until the update of that run has ended, and removes its lock if it
// was killed.
//
// Both test the service with a token from the command in SMOKE_TOKEN_COMMAND.
import { assertAttested } from './lib/attest.ts';
import {
  Failure,
  outputsOf,
  pulumiUntil,
  say,
  script,
  underThePolicies,
  writeSettings,
} from './lib/cli.ts';
import { assertReleaseOnly } from './lib/release-guard.ts';
import { issueToken, smokeTest, tokenCommand } from './lib/smoke-test.ts';
import { assertUnlocked, waitForUpdates } from './lib/stack-lock.ts';

/**
 * The deployment according to the stack's outputs: the revision that receives the traffic, and its
 * image.
 */
interface Deployed {
  readonly host: string;
  readonly image: string;
  readonly revision: string;
  /** True if an interrupted release left a candidate. */
  readonly hasCandidate: boolean;
  /** The required attestor. The string is empty if the stack does not require attestation. */
  readonly attestor: string;
  readonly place: { readonly project: string; readonly region: string; readonly service: string };
}

/** Progress of a release. The progress determines what a rollback must undo. */
type Progress = 'nothing changed' | 'candidate' | 'switched';

const usage = 'Usage: node infra/scripts/release.ts STACK (IMAGE@sha256:... | --recover)';

function deployed(stack: string): Deployed {
  const { host, image, revision, stableImage, stableRevision, attestor, place } = outputsOf(
    stack,
  ) as Record<string, string>;
  if (!host || !image || !revision || !place) {
    throw new Failure(
      `Stack ${stack} has no service yet. Deploy it first: npx -y pnpm@12 pulumi up --stack ${stack}`,
    );
  }
  return {
    host,
    image: stableImage || image,
    revision: stableRevision || revision,
    hasCandidate: Boolean(stableRevision),
    attestor: attestor ?? '',
    place: place as unknown as Deployed['place'],
  };
}

/**
 * Returns the candidate's URL:
 * https://cloud.google.com/run/docs/rollouts-rollbacks-traffic-migration#tags
 */
function candidateOf(host: string): string {
  return host.replace('https://', 'https://candidate---');
}

/** The revision that receives the traffic while a candidate exists, and its image. */
type Stable = Pick<Deployed, 'revision' | 'image'>;

/** A signal that never aborts, for commands that Ctrl-C must not reach. */
const finish = new AbortController().signal;

/**
 * Writes the settings of a release: the image, and the stable revision if there is one. Signals do
 * not interrupt the writing, which could leave an incomplete file.
 */
function writeRelease(stack: string, image: string, stable: Stable | undefined): Promise<void> {
  const settings = { image, stableRevision: stable?.revision, stableImage: stable?.image };
  return writeSettings(stack, settings, { until: finish });
}

class Release {
  readonly stack: string;
  readonly before: Deployed;
  readonly stopped: AbortSignal;
  progress: Progress = 'nothing changed';
  /** True after a preview has shown that `up` changes only what a release may change. */
  #checked = false;

  constructor(stack: string, stopped: AbortSignal) {
    this.stack = stack;
    this.stopped = stopped;
    this.before = deployed(stack);
    if (this.before.hasCandidate) this.progress = 'candidate';
  }

  #up(signal: AbortSignal): Promise<void> {
    return pulumiUntil(signal, this.stack, ['up', '--yes', '--skip-preview', ...underThePolicies]);
  }

  /**
   * Throws a {@link Failure} if `up` would change more than a release may change. Otherwise,
   * returns whether `up` would change any resource.
   */
  async #checkChanges(signal: AbortSignal): Promise<boolean> {
    const differs = await assertReleaseOnly(this.stack, signal);
    this.#checked = true;
    return differs;
  }

  /**
   * Deploys an image. If `stable` is given, that revision keeps the traffic. Otherwise, the new
   * revision receives all traffic.
   */
  async #step(image: string, stable: Stable | undefined, progress: Progress): Promise<void> {
    await writeRelease(this.stack, image, stable);
    await this.#checkChanges(this.stopped);
    this.stopped.throwIfAborted();
    this.progress = progress;
    await this.#up(this.stopped);
  }

  async deploy(image: string): Promise<void> {
    const { before, stopped } = this;
    await this.#step(image, before, 'candidate');
    await smokeTest(candidateOf(before.host), stopped);
    await this.#step(image, undefined, 'switched');
    await smokeTest(before.host, stopped);
  }

  /**
   * Rolls back to the deployment in the stack's outputs if an earlier run left the stack in another
   * state.
   *
   * @returns a description of the final state
   */
  async recover(): Promise<string> {
    const { stack, before, stopped } = this;
    if (!before.hasCandidate) {
      // A rollback that failed halfway may have changed resources without changing the outputs.
      await writeRelease(stack, before.image, undefined);
      const differs = await this.#checkChanges(stopped);
      if (!differs) {
        await smokeTest(before.host, stopped);
        return `Nothing was changed. ${before.image} already receives all traffic.`;
      }
      this.progress = 'candidate';
    }
    return this.rollBack(before.image);
  }

  /**
   * Restores the previous deployment. Signals do not interrupt the rollback, because a
   * half-finished rollback is the worst state.
   *
   * @returns a description of the final state
   */
  async rollBack(image: string): Promise<string> {
    const { stack, before, progress } = this;
    if (progress === 'nothing changed') {
      await writeRelease(stack, before.image, undefined);
      return `Nothing was changed. ${before.image} receives all traffic.`;
    }
    say(`Rolling back to ${before.image}.`);
    // The previous revision is still running. Moving the traffic to it first works even if a new
    // revision cannot start.
    if (progress === 'switched') {
      await writeRelease(stack, image, before);
      await this.#up(finish);
    }
    await writeRelease(stack, before.image, before);
    if (!this.#checked) await this.#checkChanges(finish);
    await this.#up(finish);
    await writeRelease(stack, before.image, undefined);
    await this.#up(finish);
    const check = await smokeTest(before.host, finish).then(
      () => 'and issues keys',
      (error: Error) => `but its smoke test also fails: ${error.message}`,
    );
    return `Rolled back. ${before.image} receives all traffic ${check}`;
  }

  /** Returns instructions for a manual rollback. */
  manualSteps(): string[] {
    const { stack, before } = this;
    const { project, region, service } = before.place;
    return [
      `To route all traffic to revision ${before.revision} immediately, run:`,
      `  gcloud run services update-traffic ${service} --to-revisions=${before.revision}=100 --region=${region} --project=${project}`,
      'Then, to roll the stack back, run:',
      `  node infra/scripts/release.ts ${stack} --recover`,
    ];
  }
}

const messageOf = (error: unknown) =>
  error instanceof Failure ? error.message : String((error as Error)?.stack ?? error);

/**
 * Rolls back after a failed release.
 *
 * @returns a failure that describes the cause and the result of the rollback
 */
async function failed(release: Release, image: string, error: unknown): Promise<Failure> {
  const reason = `${image} was not released: ${messageOf(error)}`;
  say(reason);
  try {
    return new Failure(`${reason}\n${await release.rollBack(image)}`);
  } catch (second) {
    const lines = [
      reason,
      `The rollback also failed: ${messageOf(second)}`,
      ...release.manualSteps(),
    ];
    return new Failure(lines.join('\n'));
  }
}

/**
 * Returns a signal that aborts on SIGINT, SIGTERM or SIGHUP. Later signals only print a message,
 * because they must not interrupt a rollback.
 */
function stopOnSignals(): AbortSignal {
  const controller = new AbortController();
  // After SIGHUP, the terminal is closed. A message that cannot be printed must not end a rollback.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) say(`${name} is ignored during the rollback.`);
      controller.abort(new Failure(`stopped by ${name}`));
    });
  }
  return controller.signal;
}

await script(async ([stack, what, ...rest]) => {
  if (!stack || !what || rest.length > 0) throw new Failure(usage);
  if (what !== '--recover' && !/@sha256:[0-9a-f]{64}$/.test(what)) {
    throw new Failure(
      `${usage}\nThe image must be referenced by digest, because a tag can be moved.`,
    );
  }
  tokenCommand();
  const stopped = stopOnSignals();
  await (what === '--recover' ? waitForUpdates(stack, stopped) : assertUnlocked(stack, stopped));
  const release = new Release(stack, stopped);
  const { before } = release;
  if (what === '--recover' || before.image === what) {
    say(await release.recover());
    return;
  }
  if (before.attestor) await assertAttested(what, before.place, stopped);
  // Without a token, the candidate would be deployed and then rolled back. A recovery does not
  // check this: it restores the previous image even if the issuer is down.
  await issueToken(stopped);
  try {
    await release.deploy(what);
  } catch (error) {
    throw await failed(release, what, error);
  }
  say(
    `${what} is released and receives all traffic. To roll back, run: node infra/scripts/release.ts ${stack} ${before.image}`,
  );
});
