import { describe, expect, test } from 'vitest';
import type { Stored } from './google/cloud.ts';
import { engineIsHere } from './harness/requirements.ts';
import { cloud, deployed } from './harness/stack.ts';

const project = 'documented-project';
const state = `projects/_/buckets/${project}-pulumi/objects/.pulumi`;
const email = (account: string) => `serviceAccount:${account}@${project}.iam.gserviceaccount.com`;

/** What a member may do and where, from the policies that the fake Google holds. */
function grantsOf(member: string, resources: readonly Stored[]): string[] {
  return resources
    .filter(({ inputs }) => inputs['member'] === member)
    .map(({ inputs }) => {
      const where =
        inputs['bucket'] ??
        inputs['serviceAccountId'] ??
        inputs['secretId'] ??
        inputs['repository'] ??
        inputs['name'] ??
        'project';
      const condition = (inputs['condition'] as { expression?: string } | undefined)?.expression;
      return [inputs['role'], 'on', where, ...(condition ? ['if', condition] : [])].join(' ');
    })
    .sort();
}

/** Who may act as an account. */
function lentTo(account: string, resources: readonly Stored[]): unknown[] {
  return resources
    .filter(({ inputs }) => inputs['role'] === 'roles/iam.workloadIdentityUser')
    .filter(({ inputs }) => String(inputs['serviceAccountId']).includes(`/${account}@`))
    .map(({ inputs }) => String(inputs['member']).split('/subject/')[1]);
}

describe.skipIf(!engineIsHere)('each identity may do what is written here, nothing more and nothing less', () => {
  test('the service: documents of its database, its counters, and its own secrets', async () => {
    const google = await cloud();
    await deployed(google, 'prod');
    expect(grantsOf(email('andamio-api-run'), await google.resources())).toEqual([
      `roles/datastore.user on project if resource.name == "projects/${project}/databases/andamio-api"`,
      `roles/memorystore.dbConnectionUser on project if resource.name == "projects/${project}/locations/us-central1/instances/andamio-api"`,
      'roles/secretmanager.secretAccessor on andamio-api-key-peppers',
    ]);
  });

  test('who releases to production: image and traffic of the service, images, its state', async () => {
    const google = await cloud();
    await deployed(google, 'prod');
    const resources = await google.resources();
    expect(grantsOf(email('andamio-api-ci'), resources)).toEqual([
      `projects/${project}/roles/andamio_api_release on andamio-api`,
      'roles/artifactregistry.writer on andamio',
      'roles/browser on project',
      `roles/iam.serviceAccountUser on projects/${project}/serviceAccounts/andamio-api-run@${project}.iam.gserviceaccount.com`,
      'roles/secretmanager.viewer on andamio-api-key-peppers',
      `roles/storage.objectUser on ${project}-pulumi if ${[
        'resource.type == "storage.googleapis.com/Bucket"',
        `resource.name == "${state}/meta.yaml"`,
        `resource.name.startsWith("${state}/stacks/andamio/prod")`,
        `resource.name.startsWith("${state}/backups/andamio/prod")`,
        `resource.name.startsWith("${state}/history/andamio/prod")`,
        `resource.name.startsWith("${state}/locks/organization/andamio/prod")`,
      ].join(' || ')}`,
    ]);
    const role = resources.find(({ type }) => type === 'gcp:projects/iAMCustomRole:IAMCustomRole');
    expect(role?.inputs['permissions']).toEqual([
      'run.operations.get',
      'run.revisions.get',
      'run.revisions.list',
      'run.services.get',
      'run.services.update',
    ]);
    expect(lentTo('andamio-api-ci', resources)).toEqual([
      'repo:example-owner/example-repository:environment:production',
    ]);
  });

  test('pull requests look the project and images up; the drift check reads settings and no content', async () => {
    const google = await cloud();
    await deployed(google, 'shared');
    const resources = await google.resources();
    expect(grantsOf(email('andamio-preview'), resources)).toEqual([
      'roles/artifactregistry.reader on project',
      'roles/browser on project',
      `roles/storage.objectViewer on ${project}-pulumi`,
    ]);
    expect(lentTo('andamio-preview', resources)).toEqual(['repo:example-owner/example-repository:pull_request']);
    expect(grantsOf(email('andamio-drift'), resources)).toEqual([
      'roles/artifactregistry.reader on project',
      'roles/browser on project',
      'roles/datastore.viewer on project',
      'roles/iam.securityReviewer on project',
      'roles/logging.viewer on project',
      'roles/monitoring.viewer on project',
      'roles/run.viewer on project',
      'roles/serviceusage.serviceUsageViewer on project',
      `roles/storage.objectViewer on ${project}-pulumi`,
    ]);
    expect(lentTo('andamio-drift', resources)).toEqual(['repo:example-owner/example-repository:ref:refs/heads/main']);
  });

  test('nobody else is granted anything', async () => {
    const google = await cloud();
    await deployed(google, 'prod');
    const members = new Set((await google.resources()).map(({ inputs }) => inputs['member']).filter(Boolean));
    const known = ['andamio-api-run', 'andamio-api-ci', 'andamio-preview', 'andamio-drift'].map(email);
    const others = [...members].filter((member) => !known.includes(String(member)));
    expect(others.sort()).toEqual([
      expect.stringMatching(/^principal:.*environment:production$/),
      expect.stringMatching(/^principal:.*:pull_request$/),
      expect.stringMatching(/^principal:.*refs\/heads\/main$/),
      'serviceAccount:service-308006323670@serverless-robot-prod.iam.gserviceaccount.com',
    ]);
  });
});
