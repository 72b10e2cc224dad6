import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { assertAttested, attestArguments } from '../scripts/lib/attest.ts';
import { gcloudEnvironment } from './google/gcloud.ts';
import { engineIsHere } from './harness/requirements.ts';
import { image } from './harness/settings.ts';
import {
  changes,
  configureCandidate,
  deployed,
  refusal,
  stackOf,
  temporaryFolder,
} from './harness/stack.ts';

const place = { project: 'documented-project', region: 'us-central1' };
const pushedByOthers = image('3');

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
    await assertAttested(image('1'), place);
    const command = attestArguments(pushedByOthers, place).join(' ');
    await expect(assertAttested(pushedByOthers, place)).rejects.toThrow(
      `gcloud ${command} --impersonate-service-account=`,
    );

    const env = { ...process.env, ...(await gcloudEnvironment(google, temporaryFolder())) };
    await promisify(execFile)('gcloud', attestArguments(pushedByOthers, place), { env });
    await assertAttested(pushedByOthers, place);
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
