// What is wrong with a field before it is saved, by the document's own rules; the server judges again.

import type { Preferences } from './inputs';

export type Fault =
  | 'keyMissing' | 'keyMalformed' | 'bucketMissing' | 'bucketMalformed' | 'prefixTooLong' | 'groupMissing'
  | 'groupMalformed' | 'userMalformed' | 'userRoot' | 'idleRange' | 'maximumRange';

export type Faults = { readonly [field in keyof Preferences]?: Fault };

/** As `useradd` and the server have it: at most 32 characters, no path, no shell. */
const OS_USER = /^[a-zA-Z_][a-zA-Z0-9_.@-]{0,31}\$?$/;
const BUCKET = /^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const LOG_GROUP = /^[a-zA-Z0-9_/.#-]{1,512}$/;
const KMS_KEY = /^(arn:[a-zA-Z0-9_/:-]+|alias\/[a-zA-Z0-9_/:-]+|[a-zA-Z0-9-]+)$/;

function minutes(text: string, most: number): boolean {
  return /^[1-9][0-9]*$/.test(text) && Number(text) <= most;
}

function named(on: boolean, text: string, rule: RegExp, missing: Fault, malformed: Fault): Fault | undefined {
  if (!on) {
    return undefined;
  }
  return text === '' ? missing : rule.test(text) ? undefined : malformed;
}

function osUser(p: Preferences): Fault | undefined {
  if (p.runAsDefaultUser === '') {
    return undefined;
  }
  return p.runAsDefaultUser === 'root' ? 'userRoot' : OS_USER.test(p.runAsDefaultUser) ? undefined : 'userMalformed';
}

export function faults(p: Preferences): Faults {
  const found: { [field in keyof Preferences]?: Fault | undefined } = {
    kmsKeyId: named(p.kms, p.kmsKeyId, KMS_KEY, 'keyMissing', 'keyMalformed'),
    s3BucketName: named(p.s3, p.s3BucketName, BUCKET, 'bucketMissing', 'bucketMalformed'),
    s3KeyPrefix: new TextEncoder().encode(p.s3KeyPrefix).length > 500 ? 'prefixTooLong' : undefined,
    cloudWatchLogGroupName: named(
      p.cloudWatch, p.cloudWatchLogGroupName, LOG_GROUP, 'groupMissing', 'groupMalformed',
    ),
    runAsDefaultUser: osUser(p),
    idleSessionTimeout: minutes(p.idleSessionTimeout, 60) ? undefined : 'idleRange',
    maxSessionDuration: !p.limitDuration || minutes(p.maxSessionDuration, 1440) ? undefined : 'maximumRange',
  };
  return Object.fromEntries(Object.entries(found).filter(([, fault]) => fault !== undefined));
}

/** The field that a sentence of the server is about; its sentences begin with the key's path. */
export function fieldOf(sentence: string): keyof Preferences | undefined {
  const key = /inputs\.([a-zA-Z0-9.]+)/.exec(sentence)?.[1];
  const fields: Readonly<Record<string, keyof Preferences>> = {
    s3BucketName: 's3BucketName',
    s3KeyPrefix: 's3KeyPrefix',
    cloudWatchLogGroupName: 'cloudWatchLogGroupName',
    kmsKeyId: 'kmsKeyId',
    runAsDefaultUser: 'runAsDefaultUser',
    idleSessionTimeout: 'idleSessionTimeout',
    maxSessionDuration: 'maxSessionDuration',
    'shellProfile.linux': 'linuxProfile',
    'shellProfile.windows': 'windowsProfile',
  };
  return key === undefined ? undefined : fields[key.replace(/\.$/, '')];
}
