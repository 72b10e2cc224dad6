// .mts, because Pulumi compiles a pack's .ts by an old TypeScript of its own; this it leaves to Node.
import { PolicyPack } from '@pulumi/policy';
import { policies } from './policies.ts';

new PolicyPack('andamio', { enforcementLevel: 'mandatory', policies: [...policies] });
