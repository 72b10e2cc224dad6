import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { startProcess } from '@andamio/testing/service-process';
import { newKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { expect, inject, test } from 'vitest';

const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
];

test.runIf(inject('available').includes('schemathesis'))(
  'responds to everything that schemathesis sends as the document describes',
  async () => {
    const service = await startProcess({ KEY_REPORTS: 'on', DEVICE_LOGIN: 'on' });
    const token = tokenFor('schemathesis');
    const key = await newKey(service.url, 'another user');
    try {
      const { stdout } = await promisify(execFile)(
        'schemathesis',
        [
          ...['run', `${service.url}/api/v1/docs/doc.json`, '--url', service.url],
          ...['--header', `Authorization: Bearer ${token}`, '--header', `X-API-Key: ${key}`],
          ...['--checks', checks.join(',')],
          ...['--max-examples', '40', '--seed', '1', '--no-color'],
        ],
        { cwd: service.folder, timeout: 280_000 },
      ).catch(({ message, stdout: output }: { message: string; stdout?: string }) => {
        throw new Error(
          `${message}\n${output ?? ''}`.replaceAll(token, 'TOKEN').replaceAll(key, 'KEY'),
        );
      });
      expect(Number(/(\d+) generated/.exec(stdout)?.[1]), stdout).toBeGreaterThan(100);
    } finally {
      service.signal('SIGKILL');
    }
  },
  300_000,
);
