import { expect, test } from 'vitest';
import { image, secretValues } from './harness/settings.ts';
import {
  cloud,
  deployed,
  describeByDriver,
  engineAlone,
  refusal,
  stackOf,
} from './harness/stack.ts';

/**
 * Previews prod with additional settings and returns the error. Also checks that the preview
 * changed no resource and that the error contains no secret.
 */
async function refusedWith(config: Readonly<Record<string, string>>): Promise<string> {
  const google = await cloud();
  const said = await refusal((await stackOf(google, 'prod', config)).preview());
  for (const value of Object.values(secretValues)) expect(said).not.toContain(value);
  expect(await google.calls()).toEqual([]);
  return said;
}

describeByDriver('a preview with invalid settings', () => {
  test('reports all invalid settings at once, each with its key and a command', async () => {
    const wrong = {
      cpu: '3',
      minInstances: '11',
      maxInstance: '3',
      logLevel: 'loud',
      'gcp:project': '308006323670',
    };
    const said = await refusedWith({ ...wrong, jwtIssuer: '' });
    for (const key of Object.keys(wrong))
      expect(said).toContain(key.includes(':') ? key : `andamio:${key}`);
    expect(said).toContain("gcloud projects describe 308006323670 --format='value(projectId)'");
    expect(said).toContain('andamio:jwtIssuer must be set in production');
    expect(said).toContain('npx -y pnpm@12 pulumi config set andamio:jwtIssuer VALUE --stack prod');
    expect(said).toContain('npx -y pnpm@12 pulumi config rm andamio:maxInstance --stack prod');
  });

  test('succeeds once the settings are valid', async () => {
    const { google } = await deployed('shared');
    const { changeSummary } = await (
      await stackOf(google, 'prod', { image: image('2') })
    ).preview();
    expect(changeSummary.create).toBeGreaterThan(30);
  });
});

describeByDriver(
  'a preview with settings that differ from Google',
  () => {
    test('reports missing secret versions and a host that differs from the documented one', async () => {
      const said = await refusedWith({
        keyPeppersVersion: '7',
        guardSecretsVersion: '1',
        'gcp:region': 'europe-west1',
      });
      expect(said).toContain(
        'keyPeppersVersion refers to version 7 of the secret andamio-api-key-peppers, which does not exist',
      );
      expect(said).toContain('npx -y pnpm@12 secrets:generate prod');
      expect(said).toContain(
        'guardSecretsVersion refers to version 1 of the secret andamio-api-guard-secrets, which does not',
      );
      expect(said).toContain('https://andamio-api-308006323670.us-central1.run.app');
      expect(said).toContain('https://andamio-api-308006323670.europe-west1.run.app');
    });

    test('reports a disabled secret version with the command that enables it', async () => {
      const google = await cloud();
      await google.disableSecretVersion(
        'projects/documented-project/secrets/andamio-api-key-peppers/versions/1',
      );
      const said = await refusal((await stackOf(google, 'prod')).preview());
      expect(said).toContain(
        'refers to version 1 of the secret andamio-api-key-peppers, which is not enabled',
      );
      expect(said).toContain(
        'gcloud secrets versions enable 1 --secret=andamio-api-key-peppers --project=documented-project',
      );
    });

    test('reports a stable revision of a destroyed service with the command that removes it', async () => {
      const said = await refusedWith({ stableRevision: 'andamio-api-00003' });
      expect(said).toContain(
        'andamio:stableRevision refers to revision andamio-api-00003, which does not exist',
      );
      expect(said).toContain('npx -y pnpm@12 pulumi config rm andamio:stableRevision --stack prod');
    });

    test('reports a project number that differs from the setting', async () => {
      const said = await refusedWith({ 'gcp:project': 'my-project' });
      expect(said).toContain(
        'gcp:project is my-project, the project with the number 123456789012, but andamio:projectNumber is 308006323670',
      );
    });

    test("reports Google's response if the project cannot be read", async () => {
      const said = await refusedWith({ 'gcp:project': 'nobody-has-it' });
      expect(said).toContain('gcp:project is nobody-has-it, but this project cannot be read');
    });
  },
  engineAlone,
);
