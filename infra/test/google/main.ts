// Runs the fake Google as a process, and prints its port. The engine attaches to the fake if
// PULUMI_DEBUG_PROVIDERS is gcp:PORT,docker-build:PORT. The parent process controls the fake by
// messages; see client.ts. `--projects ID=NUMBER,...` specifies the existing projects.
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { main } from '@pulumi/pulumi/provider/server.js';
import { furtherPorts } from './callers.ts';
import { Cloud } from './cloud.ts';
import { type Call, control } from './control.ts';
import { provider } from './provider.ts';
import { serveRest } from './rest.ts';

const { values } = parseArgs({
  options: { projects: { type: 'string', default: '' }, machinery: { type: 'string' } },
});
const cloud = new Cloud();
cloud.listenAs = furtherPorts();
for (const pair of values.projects.split(',').filter(Boolean))
  control(cloud).addProject(...(pair.split('=') as [string, string]));
if (values.machinery) cloud.machinery = (await import(values.machinery)).machinery;

cloud.restUrl = await serveRest(cloud);
process.on('message', async ({ id, method, args }: Call) => {
  try {
    const result = await (control(cloud)[method] as (...given: unknown[]) => unknown)(...args);
    process.send?.({ id, result });
  } catch (error) {
    process.send?.({ id, error: (error as Error).message });
  }
});
process.on('disconnect', () => process.exit());
// During an import, the engine's read request has no properties, which would crash the SDK's
// server.
const require = createRequire(createRequire(import.meta.url).resolve('@pulumi/pulumi'));
const { ReadRequest } = require('@pulumi/pulumi/proto/provider_pb.js');
const { Struct } = require('google-protobuf/google/protobuf/struct_pb.js');
const { getProperties } = ReadRequest.prototype;
ReadRequest.prototype.getProperties = function properties() {
  return getProperties.call(this) ?? new Struct();
};
await main(provider(cloud) as never, ['127.0.0.1:1']);
