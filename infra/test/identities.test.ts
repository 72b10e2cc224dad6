import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  deployPermissions,
  driftPermissions,
  previewPermissions,
  readPermissions,
} from '../src/permissions.ts';
import type { Stored } from './google/cloud.ts';
import { engineIsHere } from './harness/requirements.ts';
import { remaining } from './harness/settings.ts';
import { deployed } from './harness/stack.ts';

const project = 'documented-project';
const state = `projects/_/buckets/${project}-pulumi/objects/.pulumi`;
const email = (account: string) => `serviceAccount:${account}@${project}.iam.gserviceaccount.com`;

/** A role of an identity, and the resource on which it is granted. */
interface Held {
  readonly where: string;
  readonly role: string;
  readonly condition: string | undefined;
}

/** Returns the roles that are granted to a member in the fake Google. */
function heldBy(member: string, resources: readonly Stored[]): Held[] {
  return resources
    .filter(({ inputs }) => inputs['member'] === member)
    .map(({ inputs }) => ({
      role: String(inputs['role']),
      where: String(
        inputs['bucket'] ??
          inputs['cryptoKeyId'] ??
          inputs['note'] ??
          inputs['attestor'] ??
          inputs['serviceAccountId'] ??
          inputs['secretId'] ??
          inputs['repository'] ??
          inputs['name'] ??
          'project',
      ),
      condition: (inputs['condition'] as { expression?: string } | undefined)?.expression,
    }));
}

function grantsOf(member: string, resources: readonly Stored[]): string[] {
  return heldBy(member, resources)
    .map(
      ({ role, where, condition }) => `${role} on ${where}${condition ? ` if ${condition}` : ''}`,
    )
    .sort();
}

/**
 * Returns the permissions of a custom role.
 *
 * @param role the last segment of the role's name
 */
function permissionsOf(role: string, resources: readonly Stored[]): unknown {
  return resources.find(({ id }) => id === `projects/${project}/roles/${role}`)?.inputs[
    'permissions'
  ];
}

/** Returns the GitHub jobs that may impersonate an account. */
function jobsOf(account: string, resources: readonly Stored[]): unknown[] {
  return resources
    .filter(({ inputs }) => inputs['role'] === 'roles/iam.workloadIdentityUser')
    .filter(({ inputs }) => String(inputs['serviceAccountId']).includes(`/${account}@`))
    .map(({ inputs }) => String(inputs['member']).split('/subject/')[1]);
}

/**
 * All permissions of the deploy account in the project and on the service, each with the command
 * that needs it.
 */
const usedByReleases = {
  'resourcemanager.projects.get':
    'pulumi preview and up: the program looks up the number of the project',
  'run.jobs.get': 'pulumi up: reads what the update made of the job',
  'run.jobs.update': 'pulumi up: image',
  'run.operations.get': 'pulumi up: waits until the service is updated',
  'run.services.get': 'pulumi up: reads what the update made of the service',
  'run.services.update': 'pulumi up: image and traffic',
  'secretmanager.versions.get':
    'pulumi preview and up: the program checks that versions of secrets exist, without their values',
};

describe.skipIf(!engineIsHere)('each identity has exactly the permissions in this file', () => {
  test('the runtime account: accesses the database, the counters and the secrets of its service', async () => {
    const { google } = await deployed('prod');
    expect(grantsOf(email('andamio-api-run'), await google.resources())).toEqual([
      `roles/datastore.user on project if resource.name == "projects/${project}/databases/andamio-api"`,
      `roles/memorystore.dbConnectionUser on project if resource.name == "projects/${project}/locations/us-central1/instances/andamio-api"`,
      'roles/secretmanager.secretAccessor on andamio-api-key-peppers',
    ]);
  });

  test('the deploy account of production: updates the service, pulls its image, writes its state', async () => {
    const { google } = await deployed('prod');
    const resources = await google.resources();
    expect(grantsOf(email('andamio-api-ci'), resources)).toEqual([
      `projects/${project}/roles/andamio_api_deploy on project`,
      `projects/${project}/roles/andamio_api_release on andamio-api`,
      `projects/${project}/roles/andamio_api_release on andamio-api-admin`,
      'roles/artifactregistry.reader on andamio',
      'roles/binaryauthorization.attestorsVerifier on andamio-built',
      'roles/containeranalysis.notes.occurrences.viewer on andamio-built',
      `roles/iam.serviceAccountUser on projects/${project}/serviceAccounts/andamio-api-run@${project}.iam.gserviceaccount.com`,
      `roles/storage.objectUser on ${project}-pulumi if ${[
        'resource.type == "storage.googleapis.com/Bucket"',
        `resource.name == "${state}/meta.yaml"`,
        `resource.name.startsWith("${state}/stacks/andamio/prod.")`,
        `resource.name.startsWith("${state}/backups/andamio/prod/")`,
        `resource.name.startsWith("${state}/history/andamio/prod/")`,
        `resource.name.startsWith("${state}/locks/organization/andamio/prod/")`,
      ].join(' || ')}`,
    ]);
    const held = ['andamio_api_deploy', 'andamio_api_release'].flatMap((role) =>
      permissionsOf(role, resources),
    );
    expect(held.sort()).toEqual(Object.keys(usedByReleases).sort());
    expect(permissionsOf('andamio_api_deploy', resources)).toEqual(deployPermissions);
    expect(jobsOf('andamio-api-ci', resources)).toEqual(['1234567:environment:production']);
  });

  test('the preview account: looks things up; the drift account: reads settings but no content', async () => {
    const { google } = await deployed('shared');
    const resources = await google.resources();
    for (const name of ['preview', 'drift']) {
      expect(grantsOf(email(`andamio-${name}`), resources)).toEqual([
        `projects/${project}/roles/andamio_${name} on project`,
        `roles/storage.objectViewer on ${project}-pulumi`,
      ]);
    }
    expect(permissionsOf('andamio_preview', resources)).toEqual(previewPermissions);
    expect(permissionsOf('andamio_drift', resources)).toEqual(driftPermissions);
    expect(jobsOf('andamio-preview', resources)).toEqual(['1234567:pull_request']);
    expect(jobsOf('andamio-drift', resources)).toEqual(['1234567:main']);
  });

  test('the build account: pushes images, signs them with the Cloud KMS key, and attaches attestations', async () => {
    const { google } = await deployed('shared');
    const resources = await google.resources();
    expect(grantsOf(email('andamio-build'), resources)).toEqual([
      `projects/${project}/roles/andamio_build on project`,
      'roles/artifactregistry.writer on andamio',
      'roles/binaryauthorization.attestorsVerifier on andamio-built',
      `roles/cloudkms.signerVerifier on projects/${project}/locations/us-central1/keyRings/andamio/cryptoKeys/image-attestation`,
      'roles/containeranalysis.notes.attacher on andamio-built',
    ]);
    expect(permissionsOf('andamio_build', resources)).toEqual([
      'containeranalysis.occurrences.create',
    ]);
    expect(jobsOf('andamio-build', resources)).toEqual(['1234567:environment:sign']);
  });

  test('no other member has a role', async () => {
    const { google } = await deployed('prod');
    const members = new Set(
      (await google.resources()).map(({ inputs }) => inputs['member']).filter(Boolean),
    );
    const known = [
      'andamio-api-run',
      'andamio-api-ci',
      'andamio-preview',
      'andamio-drift',
      'andamio-build',
    ].map(email);
    const others = [...members].filter((member) => !known.includes(String(member)));
    expect(others.sort()).toEqual([
      expect.stringMatching(/^principal:.*\/subject\/1234567:environment:production$/),
      expect.stringMatching(/^principal:.*\/subject\/1234567:environment:sign$/),
      expect.stringMatching(/^principal:.*\/subject\/1234567:main$/),
      expect.stringMatching(/^principal:.*\/subject\/1234567:pull_request$/),
      'serviceAccount:service-308006323670@gcp-sa-binaryauthorization.iam.gserviceaccount.com',
      'serviceAccount:service-308006323670@serverless-robot-prod.iam.gserviceaccount.com',
    ]);
  });
});

const types = new Set(
  Object.keys(remaining).flatMap((stack) => {
    const file = join(import.meta.dirname, `snapshots/${stack}.json`);
    return (JSON.parse(readFileSync(file, 'utf8')) as { readonly type: string }[]).map(
      ({ type }) => type,
    );
  }),
);

test('the read permissions of every resource type are listed', () => {
  const unknown = [...types].filter(
    (type) => /^(gcp|docker-build):/.test(type) && !(type in readPermissions),
  );
  expect(unknown).toEqual([]);
  // Types that no stack uses must not be listed.
  expect(Object.keys(readPermissions).filter((type) => !types.has(type))).toEqual([]);
});

test('pipeline identities cannot read logs, documents or secret values, or change anything but the service', () => {
  const all = [...previewPermissions, ...driftPermissions, ...deployPermissions];
  expect(
    all.filter(
      (permission) =>
        !/\.(get|getMetadata|getIamPolicy|getAttestationRules|list|read|viewPublicKey|services\.use)$/.test(
          permission,
        ),
    ),
  ).toEqual([]);
  expect(
    all.filter((permission) =>
      /^(logging\.log(Entries|s)|datastore\.(entities|databases\.get$)|storage\.objects)/.test(
        permission,
      ),
    ),
  ).toEqual([]);
});
