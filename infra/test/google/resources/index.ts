import type { ResourceType } from '../resource-type.ts';
import { attestation } from './attestation.ts';
import { counters } from './counters.ts';
import { firestore } from './firestore.ts';
import { logging } from './logging.ts';
import { monitoring } from './monitoring.ts';
import { network } from './network.ts';
import { project } from './project.ts';
import { registry } from './registry.ts';
import { run } from './run.ts';
import { secrets } from './secrets.ts';

/** The resource types that the fake supports. Any other type causes an error. */
export const resourceTypes: Readonly<Record<string, ResourceType>> = {
  ...project,
  ...attestation,
  ...registry,
  ...secrets,
  ...firestore,
  ...run,
  ...logging,
  ...monitoring,
  ...network,
  ...counters,
};
