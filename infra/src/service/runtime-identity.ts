import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { Settings } from '../../settings/stack-settings.ts';

/**
 * The service account that the service runs as. It has roles on individual resources only, such as
 * one secret or one database. The account has no key: Cloud Run provides its tokens.
 */
export class RuntimeIdentity extends pulumi.ComponentResource {
  readonly account: gcp.serviceaccount.Account;

  constructor(settings: Settings, opts?: pulumi.ComponentResourceOptions) {
    super('andamio:service:RuntimeIdentity', 'runtime', {}, opts);
    this.account = new gcp.serviceaccount.Account(
      'runtime-account',
      {
        project: settings.project,
        accountId: `${settings.service}-run`,
        displayName: `Runs ${settings.service}`,
      },
      { parent: this },
    );
    this.registerOutputs();
  }

  /**
   * Grants the account read and write access to the documents of one database.
   *
   * @param name the name of the grant in the program
   * @param title the title of its condition, which the provider uses to tell grants apart
   */
  allowDatabaseAccess(
    name: string,
    title: string,
    database: pulumi.Input<string>,
    { project }: Settings,
  ): gcp.projects.IAMMember {
    return new gcp.projects.IAMMember(
      name,
      {
        project,
        role: 'roles/datastore.user',
        member: this.account.member,
        condition: {
          title,
          description: pulumi.interpolate`Documents of ${database} alone`,
          expression: pulumi.interpolate`resource.name == "projects/${project}/databases/${database}"`,
        },
      },
      { parent: this },
    );
  }
}
