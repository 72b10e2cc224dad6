// The extension is .mts because Pulumi compiles a pack's .ts files with its own, older TypeScript.
// It leaves .mts files to Node.js.
import { PolicyPack } from '@pulumi/policy';
import { policies } from './policies.ts';

new PolicyPack('andamio', { enforcementLevel: 'mandatory', policies: [...policies] });
