/** The production stacks: the published service, and the resources that all stacks share. */
const productionStacks = ['prod', 'shared'];

/**
 * Returns a stack's name from the URN of one of its resources. A URN has the form
 * `urn:pulumi:STACK::PROJECT::TYPE::NAME`.
 */
export function stackOf(urn: string): string {
  return urn.split('::', 1)[0]?.replace('urn:pulumi:', '') ?? '';
}

/** Reports whether a resource belongs to a production stack. */
export function isInProduction(urn: string): boolean {
  return productionStacks.includes(stackOf(urn));
}
