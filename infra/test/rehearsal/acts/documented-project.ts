import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { documentedCommands } from '../documented-commands.ts';
import type { Surroundings } from '../surroundings.ts';
import { assertUnchanged, type Typist, type Workplace } from '../workplace.ts';

const documents = join(import.meta.dirname, '../../../../docs');
const document = join(documents, 'deploy.md');
const runbooks = join(documents, 'operate.md');
const hosts = {
  preprod: 'https://andamio-api-preprod-308006323670.us-central1.run.app',
  prod: 'https://andamio-api-308006323670.us-central1.run.app',
} as const;
type Stack = keyof typeof hosts;
const project = 'documented-project';
const node = `'${process.execPath}'`;

/**
 * Returns a command that prints a token of a stack's issuer. The issuer knows the service's JWT
 * secret; the release scripts do not.
 */
function tokensOfIssuer(work: Workplace, stack: Stack, secret: string): string {
  const file = join(work.folder, `issuer-${stack}.json`);
  writeFileSync(
    file,
    JSON.stringify({ secret, issuer: 'https://issuer.example', audience: hosts[stack] }),
  );
  return `${node} '${join(import.meta.dirname, '../token.ts')}' '${file}'`;
}

/**
 * Adds the settings that let the jobs of a GitHub repository deploy. docs/deploy.md tells the
 * project's owner to commit them.
 */
function letGitHubDeploy(work: Workplace): void {
  const settings = [
    'githubRepository: example-owner/example-repository',
    'githubRepositoryId: "1234567"',
  ];
  const lines = [...settings, 'githubOwnerId: "7654321"']
    .map((line) => `  andamio:${line}\n`)
    .join('');
  for (const stack of ['shared', 'preprod', 'prod'])
    appendFileSync(join(work.clone, `infra/Pulumi.${stack}.yaml`), lines);
}

/**
 * Returns a {@link Typist} that runs the commands of a pipeline job and calls Google as the job's
 * service account.
 */
async function job(
  work: Workplace,
  { google }: Surroundings,
  track: string,
  account: string,
): Promise<Typist> {
  const port = await google.portOf(`serviceAccount:${account}@${project}.iam.gserviceaccount.com`);
  return work.typist(track, { PULUMI_DEBUG_PROVIDERS: `gcp:${port},docker-build:${port}` });
}

/**
 * Rehearses the documented project: deploys shared, preprod and prod, releases new images, operates
 * the services, and destroys the stacks.
 */
export async function documentedProject(
  work: Workplace,
  surroundings: Surroundings,
): Promise<void> {
  letGitHubDeploy(work);
  const [owner, preprod] = [work.typist('prod'), work.typist('preprod')];
  const preprodIsUp = Promise.withResolvers<void>();
  // The operations on preprod do not depend on prod, so they run at the same time as its
  // deployment.
  await Promise.all([
    deploy(owner, preprodIsUp.resolve).then(() => production(work, owner, surroundings)),
    preprodIsUp.promise.then(() => operations(work, preprod, surroundings)),
  ]);
  await tearDown(owner, preprod, surroundings);
}

/**
 * Deploys all stacks, one command after another.
 *
 * @param preprodIsUp called as soon as preprod is deployed
 */
async function deploy(owner: Typist, preprodIsUp: () => void): Promise<void> {
  await owner.step(
    'Deploy shared, preprod and prod by the commands in docs/deploy.md',
    async () => {
      let printed = '';
      for (const command of documentedCommands(document, 'The documented project')) {
        printed = await owner.run(command);
        if (command.endsWith(' up --yes --stack preprod')) preprodIsUp();
      }
      assert.match(printed, /"api_key": "ant-/);
      assert.equal(await owner.output('prod', 'host'), hosts.prod);
    },
  );
  // The document may spell the command differently. All stacks are deployed now.
  preprodIsUp();
}

/** Releases images to a stack. It runs the pipeline's script as the stack's deploy account. */
class Releases {
  readonly #surroundings: Surroundings;
  readonly #registry: string;
  readonly #stack: Stack;
  readonly #deploy: Typist;
  readonly #tokenCommand: string;

  private constructor(
    surroundings: Surroundings,
    registry: string,
    stack: Stack,
    deploy: Typist,
    tokenCommand: string,
  ) {
    this.#surroundings = surroundings;
    this.#registry = registry;
    this.#stack = stack;
    this.#deploy = deploy;
    this.#tokenCommand = tokenCommand;
  }

  static async to(
    stack: Stack,
    work: Workplace,
    owner: Typist,
    surroundings: Surroundings,
  ): Promise<Releases> {
    const service = new URL(hosts[stack]).host.replace(/-308006323670\..*/, '');
    const secret = `projects/${project}/secrets/${service}-jwt-secrets/versions/1`;
    const value = (await surroundings.google.secretValue(secret)) as string;
    const deploy = await job(work, surroundings, stack, `${service}-ci`);
    deploy.environment['SMOKE_TIMEOUT_SECONDS'] = '10';
    const registry = await owner.output(stack, 'registry');
    const tokenCommand = tokensOfIssuer(work, stack, value);
    return new Releases(surroundings, registry, stack, deploy, tokenCommand);
  }

  /** Returns the documented commands of a release. */
  #command(image: string): string {
    return documentedCommands(runbooks, 'Release')
      .join(' && ')
      .replace('"COMMAND"', () => `"${this.#tokenCommand}"`)
      .replace('node infra/', () => `${node} infra/`)
      .replace('prod IMAGE@sha256:...', `${this.#stack} ${image}`);
  }

  /**
   * Builds, attests and releases a working image.
   *
   * @returns the image reference with its digest
   */
  async good(): Promise<string> {
    const image = await this.#surroundings.release('good', this.#registry);
    await this.#deploy.run(this.#command(image));
    return image;
  }

  /**
   * Builds and attests an image that cannot serve requests, and expects its release to fail.
   *
   * @returns the output of the release
   */
  async bad(kind: 'broken' | 'hanging'): Promise<string> {
    return await this.refused(await this.#surroundings.release(kind, this.#registry));
  }

  /**
   * Pushes an image without an attestation.
   *
   * @returns the image reference with its digest
   */
  foreign(): Promise<string> {
    return this.#surroundings.push('foreign', this.#registry);
  }

  refused(image: string): Promise<string> {
    return this.#deploy.refused(this.#command(image));
  }
}

/** Updates a stack by the commands in docs/operate.md. Its runbooks call them `up`. */
async function update(owner: Typist, stack: Stack): Promise<void> {
  for (const command of documentedCommands(runbooks, 'Update a stack')) {
    const ofStack = command.replaceAll('--stack prod', `--stack ${stack}`);
    await owner.run(ofStack.replace(/ up /, ' up --yes --skip-preview '));
  }
}

/** Runs the release steps on prod. */
async function production(
  work: Workplace,
  owner: Typist,
  surroundings: Surroundings,
): Promise<void> {
  const releases = await Releases.to('prod', work, owner, surroundings);
  const first = await owner.output('prod', 'image');

  const second = await owner.step('Release an image, as the deploy account', async () => {
    const image = await releases.good();
    assert.equal(await owner.output('prod', 'image'), image);
    return image;
  });

  await owner.step('Update with the image of the first deployment: it is refused', async () => {
    await owner.pulumi(`config set andamio:image ${first}`, 'prod');
    assert.match(
      await owner.refused(`${node} infra/scripts/pulumi.ts up --yes --stack prod`),
      /is not the image that is running/,
    );
    await update(owner, 'prod');
    assert.equal(await owner.output('prod', 'image'), second);
  });

  await owner.step('Release an image that is hanging: it rolls back', async () => {
    assert.match(await releases.bad('hanging'), /Rolling back to/);
    assert.equal(await owner.output('prod', 'image'), second);
  });

  await owner.step('Release an image that somebody else pushed: it is refused', async () => {
    const foreign = await releases.foreign();
    assert.match(await releases.refused(foreign), /is not attested.*\n.*sign-and-create/);
  });

  await owner.step('Release with another change: it is refused', async () => {
    await owner.pulumi('config set andamio:maxInstances 11', 'prod');
    assert.match(await releases.refused(first), /more than a release may change/);
    await owner.pulumi('config set andamio:maxInstances 10', 'prod');
  });

  await owner.step('Continue an `up` that was killed', async () => {
    await owner.pulumi('config set andamio:concurrency 81', 'prod');
    const { google } = surroundings;
    await google.fail({
      type: 'gcp:cloudrunv2/service:Service',
      id: `projects/${project}/locations/us-central1/services/andamio-api`,
      operation: 'update',
      kind: 'delay',
      milliseconds: 600_000,
      times: 1,
    });
    const killed = new AbortController();
    const running = owner.refused(
      `${node} infra/scripts/pulumi.ts up --yes --skip-preview --stack prod`,
      killed.signal,
    );
    const ended = running.then(
      () => true,
      () => true,
    );
    while ((await google.waiting()) === 0) {
      const hasEnded = await Promise.race([ended, setTimeout(100, false)]);
      assert.ok(!hasEnded, 'The update ended before it could be killed.');
    }
    killed.abort();
    await running;
    // Google finishes the update although the engine no longer waits for it.
    assert.equal(await google.goOn(), 1);
    await owner.pulumi('cancel --yes', 'prod');
    await owner.pulumi('up --yes --skip-preview', 'prod');
  });
}

/** Runs the operating steps on preprod. */
async function operations(
  work: Workplace,
  owner: Typist,
  surroundings: Surroundings,
): Promise<void> {
  const { google } = surroundings;
  const preview = await job(work, surroundings, 'preprod', 'andamio-preview');
  const drift = await job(work, surroundings, 'preprod', 'andamio-drift');

  await owner.step('Preview a pull request, as the preview account', async () => {
    assert.match(await preview.run(`${node} infra/scripts/preview.ts preprod`), /Nothing changes/);
  });

  await owner.step('Run admin commands by the Cloud Run job: one succeeds, one fails', async () => {
    const execute = (args: string) =>
      `gcloud run jobs execute andamio-api-preprod-admin --region=us-central1 --project=${project} --wait --args=${args}`;
    const [done, failed] = await Promise.all([
      owner.run(execute('stats')),
      owner.refused(execute('suspend,--user=nobody,--by=olga,--yes')),
    ]);
    const printedBy = async (execution: string) => {
      const [, name] = /executions describe (\S+)/.exec(execution) ?? [];
      const filter = `resource.type="cloud_run_job" AND labels."run.googleapis.com/execution_name"="${name}"`;
      return owner.run(
        `gcloud logging read --project=${project} --order=asc --format='value(textPayload)' '${filter}'`,
      );
    };
    assert.match(
      await printedBy(done),
      /^Working on the Firestore database andamio-api-preprod .*\n.*keys/s,
    );
    assert.match(await printedBy(failed), /There is no such user\./);
  });

  await owner.step(
    'Check for drift as the drift account: none, then found and corrected',
    async () => {
      const [check = '', restore] = documentedCommands(runbooks, 'Check for drift').map((command) =>
        command.replace(/^node /, `${node} `).replace(/ prod$/, ' preprod'),
      );
      await drift.run(check);
      const service = `projects/${project}/locations/us-central1/services/andamio-api-preprod`;
      await google.change(service, { invokerIamDisabled: false });
      assert.match(await drift.refused(check), /invokerIamDisabled/);
      await owner.run(`${restore} --yes`);
      await drift.run(check);
    },
  );

  await owner.step('Rotate a pepper', async () => {
    await owner.run(`${node} infra/scripts/generate-secrets.ts preprod --add-pepper`);
    const early = await owner.refused(
      `${node} infra/scripts/generate-secrets.ts preprod --promote-pepper`,
    );
    assert.match(early, /not deployed to all instances yet/);
    await update(owner, 'preprod');
    const promote = `${node} infra/scripts/generate-secrets.ts preprod --promote-pepper`;
    await owner.run(promote);
    assert.match(await owner.run(promote), /Nothing was changed/);
    await update(owner, 'preprod');
    assert.match(await owner.refused(promote), /is already the first/);
    assert.match(
      await owner.run(`${node} infra/scripts/request-key.ts preprod`),
      /"api_key": "ant-/,
    );
  });

  await owner.step(
    'Restore a backup: a key of the backup is valid in it, and a later key is not',
    async () => {
      const issue = async () => {
        const printed = await owner.run(`${node} infra/scripts/request-key.ts preprod`);
        return (/"api_key": "(ant-\w+)"/.exec(printed) ?? [])[1] as string;
      };
      const early = await issue();
      const backup = await google.backUp(`projects/${project}/databases/andamio-api-preprod`);
      const late = await issue();
      const verify = async (command: string, key: string) =>
        (await owner.run(`echo 'X-API-Key: ${key}' | ${command}`)).includes('"user_id"');
      const read = async (section: string) => {
        for (const command of documentedCommands(runbooks, section)) {
          const line = command
            .replaceAll('PROJECT', project)
            .replace('BACKUP', backup)
            .replace('andamio-api$', 'andamio-api-preprod$')
            .replaceAll('--stack prod', '--stack preprod')
            .replace('HOST', new URL(hosts.preprod).host)
            .replace(/ up /, ' up --yes --skip-preview ');
          if (!line.startsWith('curl ')) await owner.run(line);
          else
            assert.deepEqual([await verify(line, early), await verify(line, late)], [true, false]);
        }
      };
      const atHost = `curl --header @- ${hosts.preprod}/api/v1/apikey/verify`;
      await read('Create the restored database');
      await read('Try the restored database');
      assert.ok(await verify(atHost, late), 'The trial must not change what users see.');
      await read('Use the restored database');
      assert.ok(!(await verify(atHost, late)), 'The restored database is in use.');
      assert.ok(await verify(atHost, early), 'The restored key is valid.');
      await read('Return to the first database');
      assert.ok(await verify(atHost, late), 'The first database is in use again.');
    },
  );

  await owner.step('Release an image that is broken: it rolls back', async () => {
    const releases = await Releases.to('preprod', work, owner, surroundings);
    const before = await owner.output('preprod', 'image');
    assert.match(await releases.bad('broken'), /Rolling back to/);
    assert.equal(await owner.output('preprod', 'image'), before);
  });
}

async function tearDown(owner: Typist, preprod: Typist, { google }: Surroundings): Promise<void> {
  await owner.step(
    'Tear down: refused until protection is off, and while Google holds the subnetwork',
    async () => {
      assert.match(
        await owner.refused(`${node} infra/scripts/pulumi.ts destroy --yes --stack prod`),
        /protected/,
      );
      const commands = documentedCommands(document, 'Tear down the documented project');
      const run = async (typist: Typist, stack: string) => {
        const ofStack = commands.filter((command) => command.endsWith(` --stack ${stack}`));
        for (const command of ofStack) {
          const { succeeded, printed } = await typist.try(command);
          if (succeeded) continue;
          assert.match(printed, /already being used/);
          await google.pass(2 * 3600);
          await typist.run(command);
        }
        return ofStack.length;
      };
      // prod and preprod are independent of each other, and both depend on shared.
      const ran = await Promise.all([run(owner, 'prod'), run(preprod, 'preprod')]);
      assert.equal(ran[0] + ran[1] + (await run(owner, 'shared')), commands.length);
      const left = (await google.resources()).filter(({ inputs }) => inputs['project'] === project);
      assert.deepEqual(
        // Google never deletes keys (https://cloud.google.com/kms/docs/resource-hierarchy), and
        // `destroy` keeps the identity pool.
        left.filter(
          ({ type }) => !/^gcp:(iam\/workloadIdentityPool|kms\/(cryptoKey|keyRing):)/.test(type),
        ),
        [],
      );
    },
  );

  await owner.step('Deploy shared and preprod again: what Google keeps is adopted', async () => {
    const commands = documentedCommands(document, 'Deploy again after a tear-down');
    const image = (await owner.pulumi('config get andamio:image', 'preprod')).split('\n')[0] ?? '';
    assert.match(image, /@sha256:/);
    assert.ok(!(await google.imageExists(image)), 'The image should be deleted with its registry.');
    // `up` waits until Google releases the name of the deleted database.
    await google.pass(5 * 60);
    // The deployment of prod takes the same steps as that of preprod.
    for (const command of commands.filter((each) => !each.endsWith(' up --yes --stack prod')))
      await owner.run(command);
    assertUnchanged(await owner.pulumi('up --yes --skip-preview', 'shared'));
    assert.match(
      await owner.run(`${node} infra/scripts/request-key.ts preprod`),
      /"api_key": "ant-/,
    );
  });
}
