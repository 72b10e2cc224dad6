// The REST routes that `gcloud run jobs execute` and `gcloud logging read` call.

import { denialOf } from './attestations.ts';
import type { Cloud, Stored } from './cloud.ts';
import { GoogleError } from './error.ts';
import type { Route } from './rest.ts';

/** A completed execution of a Cloud Run job. */
export interface Execution {
  readonly job: Stored;
  readonly args: readonly string[];
  readonly exitCode: number;
  /** The container's output, line by line. */
  readonly lines: readonly string[];
}

interface Task {
  readonly maxRetries: number;
  readonly containers: readonly {
    readonly image: string;
    readonly commands: readonly string[];
    readonly args: readonly string[];
  }[];
}

const taskOf = ({ inputs }: Stored) => (inputs['template'] as { readonly template: Task }).template;

/** Returns a job in the format of Cloud Run's API v1, with the fields that gcloud reads. */
function jobOf({ inputs }: Stored) {
  const { maxRetries, containers } = taskOf({ inputs } as Stored);
  const task = {
    maxRetries,
    containers: containers.map(({ image, commands: command, args }) => ({ image, command, args })),
  };
  return {
    apiVersion: 'run.googleapis.com/v1',
    kind: 'Job',
    metadata: {
      name: inputs['name'],
      namespace: inputs['project'],
      labels: { 'cloud.googleapis.com/location': inputs['location'] },
    },
    spec: { template: { spec: { taskCount: 1, template: { spec: task } } } },
  };
}

/**
 * Returns an execution in the format of Cloud Run's API v1:
 * https://cloud.google.com/run/docs/reference/rest/v1/namespaces.executions#Execution
 */
function executionOf(name: string, { job, exitCode }: Execution) {
  const { metadata, spec } = jobOf(job);
  const succeeded = exitCode === 0;
  const condition = (type: string, holds: boolean, message?: string) => ({
    type,
    status: holds ? 'True' : 'False',
    ...(message && { message }),
  });
  return {
    apiVersion: 'run.googleapis.com/v1',
    kind: 'Execution',
    metadata: {
      ...metadata,
      name,
      labels: { ...metadata.labels, 'run.googleapis.com/job': metadata.name },
    },
    spec: spec.template.spec,
    status: {
      conditions: [
        condition('ResourcesAvailable', true),
        condition('Started', true),
        condition(
          'Completed',
          succeeded,
          succeeded
            ? undefined
            : `Task ${name}-task0 failed with message: The container exited with an error.`,
        ),
      ],
      [succeeded ? 'succeededCount' : 'failedCount']: 1,
    },
  };
}

/** Returns the routes of job executions. */
export function executionRoutes(cloud: Cloud): Route[] {
  const api = 'run.googleapis.com';
  const path = '\\/apis\\/run\\.googleapis\\.com\\/v1\\/namespaces\\/([^/]+)';
  const find = ([project, name]: readonly string[]): Stored => {
    const job = cloud
      .of('gcp:cloudrunv2/job:Job')
      .find(({ inputs }) => inputs['project'] === project && inputs['name'] === name);
    if (job === undefined)
      throw new GoogleError(
        404,
        `Resource '${name}' of kind 'JOB' in project '${project}' does not exist.`,
      );
    return job;
  };
  return [
    {
      pattern: new RegExp(`^GET ${path}\\/jobs\\/([^/:]+)$`),
      api,
      answer: (groups) => jobOf(find(groups)),
    },
    {
      pattern: new RegExp(`^POST ${path}\\/jobs\\/([^/:]+):run$`),
      api,
      async answer(groups, { overrides }) {
        const job = find(groups);
        const [container] = taskOf(job).containers;
        const { useDefault } = (job.inputs['binaryAuthorization'] ?? {}) as {
          readonly useDefault?: boolean;
        };
        // Cloud Run checks a job's attestation at execution, not when the job is updated.
        const denial =
          useDefault && denialOf(groups[0] as string, container?.image as string, cloud);
        if (denial)
          throw new GoogleError(
            400,
            `Container image '${container?.image}' is not authorized by policy. ${denial}`,
          );
        const { containerOverrides = [] } = (overrides ?? {}) as {
          readonly containerOverrides?: { args?: string[] }[];
        };
        const args = containerOverrides[0]?.args ?? container?.args ?? [];
        const count = Number(job.outputs['executionCount']) + 1;
        job.outputs['executionCount'] = count;
        const name = `${groups[1]}-${String(count).padStart(5, '0')}`;
        if (cloud.machinery === undefined)
          throw new GoogleError(500, 'Only a rehearsal runs containers.');
        const execution = { job, args, ...(await cloud.machinery.execute(job, args, name, cloud)) };
        cloud.executions.set(name, execution);
        return executionOf(name, execution);
      },
    },
    {
      pattern: new RegExp(`^GET ${path}\\/executions\\/([^/:]+)$`),
      api,
      answer([, name = '']) {
        const execution = cloud.executions.get(name);
        if (execution === undefined)
          throw new GoogleError(404, `Resource '${name}' of kind 'EXECUTION' does not exist.`);
        return executionOf(name, execution);
      },
    },
    {
      // Returns the log entries of one execution:
      // https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list
      pattern: /^POST \/v2\/entries:list$/,
      api: 'logging.googleapis.com',
      answer(_groups, { filter }) {
        const [, name = ''] = /execution_name" ?= ?"?([\w-]+)/.exec(String(filter)) ?? [];
        const execution = cloud.executions.get(name);
        return {
          entries: execution?.lines.map((textPayload, index) => ({
            insertId: String(index),
            textPayload,
            timestamp: new Date(index).toISOString(),
            resource: { type: 'cloud_run_job' },
            labels: { 'run.googleapis.com/execution_name': name },
          })),
        };
      },
    },
  ];
}
