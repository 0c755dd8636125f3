import { expect, test } from 'vitest';
import { someStart } from '../../../threads/thread.fixture.ts';
import { definitionSchema } from '../../definition/definition.ts';
import { filesOf } from './files.ts';

const start = someStart();
const settingsOf = (recording: object) => {
  const { recording: settings } = definitionSchema.parse({
    ...{ name: 'a', greeting: { kind: 'none' }, instructions: 'Help.' },
    recording,
  });
  if (!settings) throw new Error('no settings');
  return settings;
};

test('files are named by organization, thread and part', () => {
  const name = `${start.organization}/${start.id}/2.ogg`;
  const file = { path: `/out/${name}`, format: 'ogg', channels: 'mixed' };
  expect(filesOf(settingsOf({ folder: '/out/' }), start, {})(2)).toEqual({ name, file });
});

test('a bucket gets the keys that the environment has under these names', () => {
  const settings = settingsOf({
    s3: { bucket: 'b', prefix: 'calls/', access_key_env: 'KEY', secret_env: 'SECRET' },
    format: 'mp3',
  });
  const { file } = filesOf(settings, start, { KEY: 'k', SECRET: 's' })(1);
  expect(file.path).toBe(`calls/${start.organization}/${start.id}/1.mp3`);
  expect(file.s3).toMatchObject({ bucket: 'b', accessKey: 'k', secret: 's' });
  expect(() => filesOf(settings, start, { KEY: 'k' })).toThrow(
    expect.objectContaining({ code: 'E_CONFIG', message: 'recording.s3: the environment has no SECRET' }),
  );
});
