import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { assertAttested, attestArguments } from '../scripts/lib/attest.ts';
import type { Google } from './google/client.ts';
import { gcloudEnvironment } from './google/gcloud.ts';
import { engineIsHere } from './harness/requirements.ts';
import { image } from './harness/settings.ts';
import {
  changes,
  cloud,
  configure,
  configureCandidate,
  deployed,
  refusal,
  stackOf,
  temporaryFolder,
} from './harness/stack.ts';

const place = { project: 'documented-project', region: 'us-central1' };
const pushedByOthers = image('3');
const never = new AbortController().signal;

describe.skipIf(!engineIsHere)('an image that the build account did not attest', () => {
  test('is rejected by Cloud Run and by a release, which prints the command that attests it', async () => {
    const { google, stack } = await deployed('prod');
    const rest = await google.restUrl();
    Object.assign(process.env, {
      GOOGLE_OAUTH_ACCESS_TOKEN: 'a-token',
      GOOGLE_CONTAINER_ANALYSIS_CUSTOM_ENDPOINT: `${rest}v1beta1/`,
      GOOGLE_BINARY_AUTHORIZATION_CUSTOM_ENDPOINT: `${rest}v1/`,
    });
    onTestFinished(() => {
      for (const name of Object.keys(process.env))
        if (/^GOOGLE_(OAUTH|CONTAINER|BINARY)/.test(name)) delete process.env[name];
    });
    await google.addImage(pushedByOthers);

    await configureCandidate(stack, pushedByOthers);
    expect(await refusal(stack.up())).toMatch(/is not authorized by policy.*No attestations found/);
    // The failed update did not reach the job, which is updated after the service. The job's image
    // would be checked only at execution.
    const job = (await google.resources()).find(({ type }) => type === 'gcp:cloudrunv2/job:Job');
    expect(JSON.stringify(job?.inputs)).toContain(image('1'));
    await assertAttested(image('1'), place, never);
    const command = attestArguments(pushedByOthers, place).join(' ');
    await expect(assertAttested(pushedByOthers, place, never)).rejects.toThrow(
      `gcloud ${command} --impersonate-service-account=`,
    );

    const env = { ...process.env, ...(await gcloudEnvironment(google, temporaryFolder())) };
    await promisify(execFile)('gcloud', attestArguments(pushedByOthers, place), { env });
    await assertAttested(pushedByOthers, place, never);
    expect(changes((await stack.up()).summary)).toEqual({ update: 2 });
  });

  test('is rejected even if it has an attestation from a key that the attestor does not trust', async () => {
    const { google, stack } = await deployed('prod');
    await google.addImage(pushedByOthers);
    await google.attestWithOtherKey('documented-project', pushedByOthers);
    await configureCandidate(stack, pushedByOthers);
    expect(await refusal(stack.up())).toMatch(
      /No attestations found that were valid and signed by a key trusted by the attestor/,
    );
  });
});

describe.skipIf(!engineIsHere)('a stack that owns its project and builds its image', () => {
  const attested = `us-central1-docker.pkg.dev/my-project/andamio/api@sha256:${'5'.repeat(64)}`;
  const restrictionOf = async (google: Google) =>
    (await google.resources())
      .filter(({ type }) => /cloudrunv2\/(service:Service|job:Job)$/.test(type))
      .map(({ inputs }) => inputs['binaryAuthorization']);

  test.each(['new', 'deployed'])(
    'requires attested images in two updates, the first of which creates the build account: %s',
    async (state) => {
      const { google, stack } =
        state === 'new'
          ? await cloud().then(async (google) => ({ google, stack: await stackOf(google, 'dev') }))
          : await deployed('dev');
      await configure(stack, { requireAttestation: 'true' });
      expect((await stack.preview()).stdout).toContain('does not restrict the service yet');
      const first = await stack.up();
      expect(first.stdout).toContain('npx -y pnpm@12 image:push dev');
      expect(first.outputs['next']?.value).toBe('npx -y pnpm@12 image:push dev');
      expect(await restrictionOf(google)).toEqual([undefined, undefined]);

      // From now on, the build account exists, and only its images are accepted.
      for (const run of [() => stack.preview(), () => stack.up()]) {
        const said = await refusal(run());
        expect(said).toContain('andamio:image must be set if images must be attested');
        expect(said).toContain('npx -y pnpm@12 image:push dev');
      }
      await google.addImage(attested);
      await configure(stack, { image: attested });
      expect(await refusal(stack.up())).toContain('is not authorized by policy');
      await google.attest('my-project', attested);
      const second = await stack.up();
      expect(second.outputs['next']?.value).toBe('npx -y pnpm@12 request-key dev');
      expect(await restrictionOf(google)).toEqual([{ useDefault: true }, { useDefault: true }]);
      expect(changes((await stack.up()).summary)).toEqual({});
    },
  );
});

describe.skipIf(!engineIsHere)('the signing key', () => {
  test('remains after its stack is destroyed, and a new stack imports it with its attestations', async () => {
    const settings = { owns: 'project', requireAttestation: 'true' };
    const { google, stack } = await deployed('dev', settings);
    const publicKeyOf = async () => {
      const attestor = (await google.resources()).find(
        ({ type }) => type === 'gcp:binaryauthorization/attestor:Attestor',
      );
      return attestor?.inputs['attestationAuthorityNote'];
    };
    const [before, publicKey] = [await stack.outputs(), await publicKeyOf()];
    await stack.destroy();
    const again = await (await stackOf(google, 'dev', settings)).up();
    expect(again.outputs['signingKey']?.value).toBe(before['signingKey']?.value);
    expect(await publicKeyOf()).toEqual(publicKey);
  });
});
