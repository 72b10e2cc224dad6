/**
 * Stacks whose loss users would notice: the published service, and the resources that all stacks
 * share.
 */
const productionStacks = ['prod', 'shared'];

/**
 * Returns the stack's name from the URN of one of its resources:
 * `urn:pulumi:STACK::PROJECT::TYPE::NAME`.
 */
export function stackOf(urn: string): string {
  return urn.split('::', 1)[0]?.replace('urn:pulumi:', '') ?? '';
}

/** Reports whether a resource belongs to a production stack. */
export function isInProduction(urn: string): boolean {
  return productionStacks.includes(stackOf(urn));
}
