import { logEvents } from '@andamio/schema/log-events';
import { startProcess } from '@andamio/testing/service-process';
import { waitFor } from '@andamio/testing/wait-for';
import { expect, onTestFinished, test } from 'vitest';
import { sendRaw } from '../harness/raw-socket.ts';

async function start(environment: Record<string, string> = {}) {
  const service = await startProcess(environment);
  onTestFinished(() => service.signal('SIGKILL'));
  return service;
}

const targets = [
  '/nothing#fragment',
  '/health/live#fragment',
  '/api/v1/user/me?a#b',
  '//a@b#c',
  '//[#x',
  '/no\u00a0break',
  '/a?no\u00a0break',
  '/form\ffeed',
  '/tab\tstop',
  '*',
  'mailto:a',
  'http://x/a#b',
  'http://[',
];

test('no request target makes Node warn about a deprecated parser', async () => {
  const service = await start();
  for (const target of targets) {
    const method = target === '*' ? 'OPTIONS' : 'GET';
    const request = `${method} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    const { text } = await sendRaw(service.port, Buffer.from(request, 'latin1'));
    expect(text, target).toMatch(/^HTTP\/1\.1 (200|400|401|404) /);
  }
  await service.stop();
  for (const line of service.output().trim().split('\n'))
    expect(JSON.parse(line)).not.toMatchObject({ event: logEvents.processWarning.event });
});

test('logs a process warning as one JSON line', async () => {
  const warn = "process.on('SIGUSR2', () => process.emitWarning('Example.', 'ExampleWarning'))";
  const service = await start({ NODE_OPTIONS: `--import "data:text/javascript,${warn}"` });
  service.signal('SIGUSR2');
  await waitFor('the warning', () => service.logged(logEvents.processWarning) !== undefined);
  await service.stop();
  expect(service.logged(logEvents.processWarning)).toMatchObject({
    severity: 'WARNING',
    warning: 'ExampleWarning',
    err: { message: 'Example.' },
  });
  for (const line of service.output().trim().split('\n')) JSON.parse(line);
});
