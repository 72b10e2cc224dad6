import { types } from '../../resources.ts';
import { type Resource, unknown } from '../harness/violations.ts';
import { type Cases, expiring, service } from './cases.ts';

const database = (
  props: Record<string, unknown> = {},
  stack = 'dev',
  protect = false,
): Resource => ({
  type: types.database,
  name: 'keys',
  stack,
  protect,
  props: {
    name: 'keys',
    locationId: 'nam5',
    pointInTimeRecoveryEnablement: 'POINT_IN_TIME_RECOVERY_ENABLED',
    deleteProtectionState: 'DELETE_PROTECTION_ENABLED',
    ...props,
  },
});

const schedule = (inDatabase?: string): Resource => ({
  type: types.backupSchedule,
  props: { retention: '8467200s', ...(inDatabase === undefined ? {} : { database: inDatabase }) },
});

const ttl = (
  collection: string,
  field = 'remove_at',
  props: Record<string, unknown> = {},
): Resource => ({
  type: types.field,
  props: { database: 'keys', collection, field, ttlConfig: {}, ...props },
});

const repository = (props: Record<string, unknown>): Resource => ({
  type: types.repository,
  props: { repositoryId: 'andamio', format: 'DOCKER', ...props },
});

const secret = (props: Record<string, unknown>, stack: string, protect = false): Resource => ({
  type: types.secret,
  stack,
  protect,
  props: { secretId: 'key-peppers', ...props },
});

const enabledApi: Resource = {
  type: types.projectService,
  props: { service: 'run.googleapis.com' },
};

const audit = (service_: string, ...logTypes: string[]): Resource => ({
  type: types.auditConfig,
  props: {
    project: 'example',
    service: service_,
    auditLogConfigs: logTypes.map((logType) => ({ logType })),
  },
});

const exclusion = (...terms: string[]): Resource => ({
  type: types.logExclusion,
  props: { name: 'routine', filter: terms.join(' AND ') },
});

const requests = 'log_id("run.googleapis.com/requests")';
const dataAccess = 'log_id("cloudaudit.googleapis.com/data_access")';
const firestore = 'protoPayload.serviceName="firestore.googleapis.com"';
const byAccount = 'protoPayload.authenticationInfo.principalEmail="a@example.com"';
const noWarning = 'severity<WARNING';

export const dataCases: Cases = {
  'logging-narrow-exclusions': {
    accepts: {
      'routine entries of a log': [exclusion(requests, noWarning)],
      'a text that contains words and signs of the query language': [
        exclusion(requests, 'textPayload="NOT a AND b -- (c) OR d"', noWarning),
      ],
      'routine entries that a regular expression selects': [
        exclusion(
          'resource.type="cloud_run_revision"',
          requests,
          'httpRequest.status=200',
          'httpRequest.requestUrl=~"^https?://[^/]+/api/v1/apikey/verify([/?]|$)"',
          noWarning,
        ),
      ],
      "one account's routine calls to a database": [
        exclusion(dataAccess, firestore, byAccount, noWarning),
      ],
    },
    refuses: {
      errors: [/routine matches warnings and errors.*Alerts/, exclusion(requests)],
      'errors, with the required term in a quoted text': [
        /warnings and errors/,
        exclusion(requests, `textPayload="a AND ${noWarning} AND b"`),
      ],
      'an empty filter': [/is not a comparison/, exclusion()],
      'the required term in a comment': [
        /is not a comparison/,
        exclusion(`${requests} -- `, noWarning),
      ],
      'an alternative': [
        /`severity<WARNING OR httpRequest.status=500` of the exclusion routine is not a comparison/,
        exclusion(requests, `${noWarning} OR httpRequest.status=500`),
      ],
      negation: [/is not a comparison/, exclusion(requests, `NOT ${noWarning}`)],
      'a negated bracket': [
        /`-\(resource.type="x"` .* is not a comparison/,
        exclusion(`-(resource.type="x" AND ${requests} AND ${noWarning} AND resource.type="y")`),
      ],
      'a bracket': [/is not a comparison/, exclusion(`(${requests} AND ${noWarning})`)],
      'data access, with a space in the name of the log': [
        /`log_id\( "cloudaudit.*is not a comparison/,
        exclusion('log_id( "cloudaudit.googleapis.com/data_access")', noWarning),
      ],
      'data access, with an encoded name of the log': [
        /is not a comparison/,
        exclusion('log_id("cloudaudit.googleapis.com%2Fdata_access")', noWarning),
      ],
      'data access, with an escape sequence in the name of the log': [
        /is not a comparison/,
        exclusion('log_id("cloudaudi\\x74.googleapis.com/data_access")', noWarning),
      ],
      'data access, with another case in the name of the log': [
        /more than one account/,
        exclusion('log_id("CloudAudit.googleapis.com/data_access")', noWarning),
      ],
      'an alternative of values': [
        /is not a comparison/,
        exclusion(
          dataAccess,
          firestore,
          'protoPayload.authenticationInfo.principalEmail=("a" OR "b")',
          noWarning,
        ),
      ],
      'an alternative after one account': [
        /is not a comparison/,
        exclusion(dataAccess, firestore, `${byAccount} OR protoPayload:"b"`, noWarning),
      ],
      'two terms without AND, which Logging also joins': [
        /is not a comparison/,
        exclusion(`${requests} ${noWarning}`),
      ],
      'every log': [/matches every log/, exclusion(noWarning)],
      "everyone's data access": [
        /more than one account.*traced/,
        exclusion(dataAccess, firestore, noWarning),
      ],
      'data access to all services': [
        /more than one account/,
        exclusion(dataAccess, byAccount, noWarning),
      ],
      'a pattern of services': [
        /more than one account/,
        exclusion(dataAccess, 'protoPayload.serviceName=~"."', byAccount, noWarning),
      ],
      'a pattern of accounts': [
        /more than one account/,
        exclusion(
          dataAccess,
          firestore,
          'protoPayload.authenticationInfo.principalEmail=~"."',
          noWarning,
        ),
      ],
      'data access to secrets, with another case in the name': [
        /to secrets/,
        exclusion(
          dataAccess,
          'protoPayload.serviceName="SecretManager.googleapis.com"',
          byAccount,
          noWarning,
        ),
      ],
      'data access to secrets': [
        /to secrets/,
        exclusion(
          dataAccess,
          'protoPayload.serviceName="secretmanager.googleapis.com"',
          byAccount,
          noWarning,
        ),
      ],
    },
  },
  'firestore-point-in-time-recovery': {
    accepts: { on: [database()] },
    refuses: {
      off: [
        /recovery is disabled.*faulty release.*Set pointIn/,
        database({ pointInTimeRecoveryEnablement: 'POINT_IN_TIME_RECOVERY_DISABLED' }),
      ],
      'not set': [/recovery is disabled/, database({ pointInTimeRecoveryEnablement: undefined })],
    },
  },
  'firestore-backups': {
    accepts: {
      'a schedule of the database': [database(), schedule('keys')],
      'a schedule of the default database': [database({ name: '(default)' }), schedule()],
      'a schedule of a database whose name is unknown': [
        database({ name: unknown }),
        { ...schedule(unknown), dependencies: { database: ['keys'] } },
      ],
      'no database': [schedule()],
    },
    refuses: {
      'no schedule': [
        /database keys has no backup schedule.*seven days.*BackupSchedule/,
        database(),
      ],
      "another database's schedule": [/has no backup schedule/, database(), schedule('other')],
      'a schedule of another database whose name is unknown': [
        /database other has no backup schedule/,
        database({ name: unknown }),
        { ...database({ name: 'other' }), name: 'other' },
        { ...schedule(unknown), dependencies: { database: ['keys'] } },
      ],
    },
  },
  'firestore-ttl': {
    accepts: {
      'a TTL policy for each collection': [database(), ...expiring.map((id) => ttl(id))],
      'no database': [],
    },
    refuses: {
      none: [/no TTL policy for remove_at of keys.*never be deleted.*ttlConfig/, database()],
      'one collection': [/remove_at of names/, database(), ttl('keys')],
      'another field': [/remove_at of names/, database(), ttl('keys'), ttl('names', 'created_at')],
      'a field that is only indexed': [
        /remove_at of names/,
        database(),
        ttl('keys'),
        ttl('names', 'remove_at', { ttlConfig: undefined }),
      ],
      'another database': [
        /remove_at of names/,
        database(),
        ttl('keys'),
        ttl('names', 'remove_at', { database: 'other' }),
      ],
    },
  },
  'registry-immutable-tags': {
    accepts: {
      immutable: [repository({ dockerConfig: { immutableTags: true } })],
      'a repository without images': [repository({ format: 'NPM' })],
      'a mirror': [repository({ mode: 'REMOTE_REPOSITORY' })],
    },
    refuses: {
      movable: [
        /can be moved.*could be replaced.*Set dockerConfig/,
        repository({ dockerConfig: { immutableTags: false } }),
      ],
      'not set': [/can be moved/, repository({ mode: 'STANDARD_REPOSITORY' })],
    },
  },
  'production-protect': {
    accepts: {
      protected: [database({}, 'prod', true), secret({}, 'shared', true)],
      'not in production': [database({}, 'preprod'), service({}, 'dev')],
      'a resource without data': [{ ...enabledApi, stack: 'prod' }],
    },
    refuses: {
      'a database': [/is not protected.*would delete it.*protect/, database({}, 'prod')],
      'a secret': [/is not protected/, secret({}, 'shared')],
      'a repository': [/is not protected/, { ...repository({}), stack: 'shared' }],
      'a service': [/is not protected/, service({}, 'prod')],
    },
  },
  'production-deletion-protection': {
    accepts: {
      on: [
        database({}, 'prod'),
        secret({ deletionProtection: true }, 'shared'),
        service({}, 'prod'),
      ],
      'not in production': [
        database({ deleteProtectionState: undefined }, 'preprod'),
        secret({}, 'preprod'),
        service({ deletionProtection: false }, 'dev'),
      ],
    },
    refuses: {
      'a database': [
        /of the database is disabled.*keys of all users.*ENABLED/,
        database({ deleteProtectionState: 'DELETE_PROTECTION_DISABLED' }, 'prod'),
      ],
      'a secret': [/of the secret is disabled/, secret({}, 'shared')],
      'a service': [
        /of the service is disabled.*Set deletionProtection/,
        service({ deletionProtection: false }, 'prod'),
      ],
    },
  },
  'project-audit-logs': {
    accepts: {
      'logs of each service': [
        enabledApi,
        audit('secretmanager.googleapis.com', 'DATA_READ'),
        audit('datastore.googleapis.com', 'DATA_READ', 'DATA_WRITE'),
      ],
      'logs of all services': [enabledApi, audit('allServices', 'ADMIN_READ', 'DATA_READ')],
      'a stack that does not own the project': [database()],
    },
    refuses: {
      none: [/reads from secretmanager.*could not be traced.*IAMAuditConfig/, enabledApi],
      "Firestore's own name": [
        /reads from datastore.googleapis.com/,
        enabledApi,
        audit('secretmanager.googleapis.com', 'DATA_READ'),
        audit('firestore.googleapis.com', 'DATA_READ'),
      ],
      'logs that exempt an account': [
        /reads from secretmanager/,
        enabledApi,
        {
          type: types.auditConfig,
          props: {
            project: 'example',
            service: 'allServices',
            auditLogConfigs: [
              { logType: 'DATA_READ', exemptedMembers: ['serviceAccount:a@example.com'] },
            ],
          },
        },
      ],
      'logs of writes only': [
        /reads from secretmanager/,
        enabledApi,
        audit('allServices', 'DATA_WRITE'),
      ],
    },
  },
};
