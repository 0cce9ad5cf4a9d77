// The account's preferences as a form has them, to and from the document SSM-SessionManagerRunShell.
// Keys of `inputs` that the form does not know are carried over as they are.

export interface Preferences {
  readonly kms: boolean;
  readonly kmsKeyId: string;
  readonly s3: boolean;
  readonly s3BucketName: string;
  readonly s3KeyPrefix: string;
  readonly s3EncryptionEnabled: boolean;
  readonly cloudWatch: boolean;
  readonly cloudWatchLogGroupName: string;
  readonly cloudWatchEncryptionEnabled: boolean;
  readonly cloudWatchStreamingEnabled: boolean;
  readonly runAsEnabled: boolean;
  readonly runAsDefaultUser: string;
  readonly idleSessionTimeout: string;
  readonly limitDuration: boolean;
  readonly maxSessionDuration: string;
  readonly linuxProfile: string;
  readonly windowsProfile: string;
}

/** What applies where a document says nothing (its schema's defaults). */
export const DEFAULTS: Preferences = {
  kms: false,
  kmsKeyId: '',
  s3: false,
  s3BucketName: '',
  s3KeyPrefix: '',
  s3EncryptionEnabled: true,
  cloudWatch: false,
  cloudWatchLogGroupName: '',
  cloudWatchEncryptionEnabled: true,
  cloudWatchStreamingEnabled: true,
  runAsEnabled: false,
  runAsDefaultUser: '',
  idleSessionTimeout: '20',
  limitDuration: false,
  maxSessionDuration: '',
  linuxProfile: '',
  windowsProfile: '',
};

type Json = { readonly [key: string]: unknown };

function map(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

/** A flag may be written as text, as parameters produce it. */
function flag(value: unknown, otherwise: boolean): boolean {
  return typeof value === 'boolean' ? value : value === 'true' || (value !== 'false' && otherwise);
}

/** Reads the content of the document. */
export function preferencesOf(content: string): Preferences {
  const inputs = map(map(JSON.parse(content)).inputs);
  const profile = map(inputs.shellProfile);
  const maximum = text(inputs.maxSessionDuration);
  return {
    kms: text(inputs.kmsKeyId) !== '',
    kmsKeyId: text(inputs.kmsKeyId),
    s3: text(inputs.s3BucketName) !== '',
    s3BucketName: text(inputs.s3BucketName),
    s3KeyPrefix: text(inputs.s3KeyPrefix),
    s3EncryptionEnabled: flag(inputs.s3EncryptionEnabled, true),
    cloudWatch: text(inputs.cloudWatchLogGroupName) !== '',
    cloudWatchLogGroupName: text(inputs.cloudWatchLogGroupName),
    cloudWatchEncryptionEnabled: flag(inputs.cloudWatchEncryptionEnabled, true),
    cloudWatchStreamingEnabled: flag(inputs.cloudWatchStreamingEnabled, true),
    runAsEnabled: flag(inputs.runAsEnabled, false),
    runAsDefaultUser: text(inputs.runAsDefaultUser),
    idleSessionTimeout: text(inputs.idleSessionTimeout) || DEFAULTS.idleSessionTimeout,
    limitDuration: maximum !== '',
    maxSessionDuration: maximum,
    linuxProfile: text(profile.linux),
    windowsProfile: text(profile.windows),
  };
}

/** Writes the document's content. `saved` says who saved it when: no two versions may be the same to the letter. */
export function contentOf(preferences: Preferences, before: string | undefined, saved: string): string {
  const document = before === undefined ? {} : map(JSON.parse(before));
  const p = preferences;
  const content = {
    ...document,
    schemaVersion: '1.0',
    description: saved,
    sessionType: 'Standard_Stream',
    inputs: {
      ...map(document.inputs),
      s3BucketName: p.s3 ? p.s3BucketName : '',
      s3KeyPrefix: p.s3 ? p.s3KeyPrefix : '',
      s3EncryptionEnabled: p.s3EncryptionEnabled,
      cloudWatchLogGroupName: p.cloudWatch ? p.cloudWatchLogGroupName : '',
      cloudWatchEncryptionEnabled: p.cloudWatchEncryptionEnabled,
      cloudWatchStreamingEnabled: p.cloudWatchStreamingEnabled,
      kmsKeyId: p.kms ? p.kmsKeyId : '',
      runAsEnabled: p.runAsEnabled,
      runAsDefaultUser: p.runAsDefaultUser,
      idleSessionTimeout: p.idleSessionTimeout,
      maxSessionDuration: p.limitDuration ? p.maxSessionDuration : '',
      shellProfile: { linux: p.linuxProfile, windows: p.windowsProfile },
    },
  };
  return JSON.stringify(content, null, 2);
}

/** The fields whose value a save would change. */
export function changes(before: Preferences, after: Preferences): (keyof Preferences)[] {
  const fields = Object.keys(DEFAULTS) as (keyof Preferences)[];
  return fields.filter((field) => before[field] !== after[field]);
}
