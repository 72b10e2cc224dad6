// node scripts/release.ts STACK IMAGE@sha256:...: deploys a release. The new revision gets no
// traffic until it has issued a key. If a step fails after the first change, or a signal arrives,
// the script restores the previous image and fails.
//
// node scripts/release.ts STACK --recover: rolls back after an earlier run was killed or its
// rollback failed. It also releases the stack's lock.
import { assertAttested } from './attest.ts';
import { Failure, outputsOf, projectName, pulumi, pulumiUntil, say, script, underThePolicies } from './cli.ts';
import { assertReleaseOnly } from './release-guard.ts';
import { smokeTest } from './smoke-test.ts';

/** The revision with the traffic, as the stack's outputs describe it. */
interface Deployed {
  readonly host: string;
  readonly image: string;
  readonly revision: string;
  /** True if a candidate of an interrupted release exists. */
  readonly besideCandidate: boolean;
  /** The required attestor; empty if the stack does not require one. */
  readonly attestor: string;
  readonly place: { readonly project: string; readonly region: string; readonly service: string };
}

/** Progress of a release, which decides what a rollback has to undo. */
type Progress = 'nothing changed' | 'candidate' | 'switched';

const usage = 'Usage: node infra/scripts/release.ts STACK (IMAGE@sha256:... | --recover)';

function deployed(stack: string): Deployed {
  const { host, image, revision, stableImage, stableRevision, attestor, place } = outputsOf(stack) as Record<
    string,
    string
  >;
  if (!host || !image || !revision || !place) {
    throw new Failure(`Stack ${stack} has no service yet. A person brings it up first: pulumi up --stack ${stack}`);
  }
  return {
    host,
    image: stableImage || image,
    revision: stableRevision || revision,
    besideCandidate: Boolean(stableRevision),
    attestor: attestor ?? '',
    place: place as unknown as Deployed['place'],
  };
}

/**
 * Returns the URL of the candidate.
 * https://cloud.google.com/run/docs/rollouts-rollbacks-traffic-migration#tags
 */
function candidateOf(host: string): string {
  return host.replace('https://', 'https://candidate---');
}

/** The revision that keeps the traffic while a candidate waits, and its image. */
type Stable = Pick<Deployed, 'revision' | 'image'>;

/**
 * Writes the settings of a release: the image, and the revision that keeps the traffic meanwhile.
 */
function choose(stack: string, image: string, stable: Stable | undefined): void {
  const settings = { image, stableRevision: stable?.revision, stableImage: stable?.image };
  for (const [name, value] of Object.entries(settings)) {
    const key = `${projectName}:${name}`;
    pulumi(stack, value === undefined ? ['config', 'rm', key] : ['config', 'set', key, value], { quiet: true });
  }
}

class Release {
  readonly stack: string;
  readonly before: Deployed;
  readonly stopped: AbortSignal;
  progress: Progress = 'nothing changed';
  /** True once the guard has found no change beyond a release. */
  #guarded = false;

  constructor(stack: string, stopped: AbortSignal) {
    this.stack = stack;
    this.stopped = stopped;
    this.before = deployed(stack);
    if (this.before.besideCandidate) this.progress = 'candidate';
  }

  #up(signal: AbortSignal): Promise<void> {
    return pulumiUntil(signal, this.stack, ['up', '--yes', '--skip-preview', ...underThePolicies]);
  }

  /** Reports whether an `up` would change a resource. */
  #guard(): boolean {
    const differs = assertReleaseOnly(this.stack);
    this.#guarded = true;
    return differs;
  }

  /** Applies an image, with all traffic on it or on a stable revision. */
  async #step(image: string, stable: Stable | undefined, progress: Progress): Promise<void> {
    choose(this.stack, image, stable);
    this.#guard();
    this.stopped.throwIfAborted();
    this.progress = progress;
    await this.#up(this.stopped);
  }

  async bringOut(image: string): Promise<void> {
    const { before, stopped } = this;
    await this.#step(image, before, 'candidate');
    await smokeTest(candidateOf(before.host), stopped);
    await this.#step(image, undefined, 'switched');
    await smokeTest(before.host, stopped);
  }

  /**
   * Rolls back to the deployment in the outputs if an earlier run left the stack different from it.
   */
  async settle(): Promise<string> {
    const { stack, before, stopped } = this;
    if (!before.besideCandidate) {
      // A rollback that failed halfway changed resources but none of the outputs.
      choose(stack, before.image, undefined);
      const differs = this.#guard();
      if (!differs) {
        await smokeTest(before.host, stopped);
        return `Nothing was changed: ${before.image} has all traffic already.`;
      }
      this.progress = 'candidate';
    }
    return this.goBack(before.image);
  }

  /**
   * Restores the previous deployment. Signals do not interrupt it, because a half-finished rollback
   * is the worst state.
   *
   * @returns a description of the final state
   */
  async goBack(image: string): Promise<string> {
    const { stack, before, progress } = this;
    if (progress === 'nothing changed') {
      choose(stack, before.image, undefined);
      return `Nothing was changed: ${before.image} has the traffic.`;
    }
    say(`Going back to ${before.image}.`);
    const finish = new AbortController().signal;
    // The previous revision still runs. Moving the traffic to it first works even if a new revision
    // cannot start.
    if (progress === 'switched') {
      choose(stack, image, before);
      await this.#up(finish);
    }
    choose(stack, before.image, before);
    if (!this.#guarded) this.#guard();
    await this.#up(finish);
    choose(stack, before.image, undefined);
    await this.#up(finish);
    const check = await smokeTest(before.host, finish).then(
      () => 'and issues keys',
      (error: Error) => `but its smoke test fails as well: ${error.message}`,
    );
    return `${before.image} is back, with all traffic, ${check}`;
  }

  /** Returns the commands for a manual rollback. */
  byHand(): string[] {
    const { stack, before } = this;
    const { project, region, service } = before.place;
    return [
      `To send users to revision ${before.revision} at once:`,
      `  gcloud run services update-traffic ${service} --to-revisions=${before.revision}=100 --region=${region} --project=${project}`,
      'Then, to bring the stack in line, also where it is locked:',
      `  node infra/scripts/release.ts ${stack} --recover`,
    ];
  }
}

const messageOf = (error: unknown) =>
  error instanceof Failure ? error.message : String((error as Error)?.stack ?? error);

/**
 * Rolls back after a failure.
 *
 * @returns a failure that describes the cause and the result of the rollback
 */
async function failed(release: Release, image: string, error: unknown): Promise<Failure> {
  const reason = `${image} was not brought out: ${messageOf(error)}`;
  say(reason);
  try {
    return new Failure(`${reason}\n${await release.goBack(image)}`);
  } catch (second) {
    const lines = [reason, `Going back failed as well: ${messageOf(second)}`, ...release.byHand()];
    return new Failure(lines.join('\n'));
  }
}

/**
 * Returns a signal that aborts on SIGINT, SIGTERM or SIGHUP. Later signals only print a message,
 * because a rollback must not be interrupted.
 */
function stopOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) say(`${name} is ignored: the release is being undone.`);
      controller.abort(new Failure(`stopped by ${name}`));
    });
  }
  return controller.signal;
}

await script(async ([stack, what, ...rest]) => {
  if (!stack || !what || rest.length > 0) throw new Failure(usage);
  if (what !== '--recover' && !/@sha256:[0-9a-f]{64}$/.test(what)) {
    throw new Failure(`${usage}\nThe image must be named by its digest: a tag can be moved.`);
  }
  const stopped = stopOnSignals();
  if (what === '--recover') pulumi(stack, ['cancel', '--yes'], { quiet: true });
  const release = new Release(stack, stopped);
  const { before } = release;
  if (what === '--recover' || before.image === what) {
    say(await release.settle());
    return;
  }
  if (before.attestor) await assertAttested(what, before.place);
  try {
    await release.bringOut(what);
  } catch (error) {
    throw await failed(release, what, error);
  }
  say(`${what} is out, with all traffic.`);
});
