import { describe, expect, test } from 'vitest';
import { faults, fieldOf } from '../../src/preferences/faults';
import { changes, contentOf, DEFAULTS, preferencesOf } from '../../src/preferences/inputs';

describe('what may not be saved', () => {
  const refused = [
    [{ idleSessionTimeout: '0' }, 'idleSessionTimeout'],
    [{ idleSessionTimeout: '61' }, 'idleSessionTimeout'],
    [{ idleSessionTimeout: '' }, 'idleSessionTimeout'],
    [{ limitDuration: true, maxSessionDuration: '' }, 'maxSessionDuration'],
    [{ limitDuration: true, maxSessionDuration: '1441' }, 'maxSessionDuration'],
    [{ kms: true }, 'kmsKeyId'],
    [{ kms: true, kmsKeyId: 'alias/' }, 'kmsKeyId'],
    [{ s3: true }, 's3BucketName'],
    [{ s3: true, s3BucketName: 'Upper' }, 's3BucketName'],
    [{ s3: true, s3BucketName: 'a..b' }, 's3BucketName'],
    [{ s3KeyPrefix: 'あ'.repeat(167) }, 's3KeyPrefix'],
    [{ cloudWatch: true, cloudWatchLogGroupName: 'a b' }, 'cloudWatchLogGroupName'],
    [{ runAsDefaultUser: 'root' }, 'runAsDefaultUser'],
    [{ runAsDefaultUser: 'a b' }, 'runAsDefaultUser'],
    [{ runAsDefaultUser: '$(id)' }, 'runAsDefaultUser'],
  ] as const;
  test.each(refused)('%o', (changed, field) => {
    expect(Object.keys(faults({ ...DEFAULTS, ...changed }))).toEqual([field]);
  });
});

test('the defaults have no fault, and what is switched off is not judged', () => {
  expect(faults(DEFAULTS)).toEqual({});
  expect(faults({ ...DEFAULTS, s3BucketName: 'Upper', kmsKeyId: 'alias/' })).toEqual({});
});

test('a sentence of the server finds its field', () => {
  expect(fieldOf('inputs.kmsKeyId must be a KMS key id, key ARN, alias/… or alias ARN.')).toBe('kmsKeyId');
  expect(fieldOf('inputs.shellProfile.linux must be text.')).toBe('linuxProfile');
  expect(fieldOf('The document is not valid JSON.')).toBeUndefined();
});

test('what was written is read back', () => {
  const preferences = {
    ...DEFAULTS,
    kms: true,
    kmsKeyId: 'alias/x',
    s3: true,
    s3BucketName: 'logs',
    runAsEnabled: true,
    runAsDefaultUser: 'web',
    limitDuration: true,
    maxSessionDuration: '60',
    linuxProfile: 'set -u',
  };
  const content = contentOf(preferences, undefined, 'saved');
  expect(preferencesOf(content)).toEqual(preferences);
  expect(changes(preferences, preferencesOf(content))).toEqual([]);
});

test('keys that the form does not know are carried over', () => {
  const before = JSON.stringify({
    schemaVersion: '1.0',
    sessionType: 'Standard_Stream',
    inputs: { usherLogFailure: 'end', runAsEnabled: 'true' },
  });
  const read = preferencesOf(before);
  expect(read.runAsEnabled).toBe(true);
  const written = JSON.parse(contentOf({ ...read, runAsEnabled: false }, before, 'saved')) as {
    inputs: Record<string, unknown>;
  };
  expect(written.inputs).toMatchObject({ usherLogFailure: 'end', runAsEnabled: false });
});
