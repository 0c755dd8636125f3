import { type Broken, cases, KEEPING, PRICES } from '../broken.ts';

/** What calls cost, and how long they are kept. */
export const MONEY: readonly Broken[] = [
  ...cases(
    PRICES,
    [{ text: '' }, '1: no price file: it holds no keys; begin with currency: and models:'],
    [['USD', 'dollars'], '1: currency is not valid; write three capital letters like USD'],
    [['currency: USD\n', ''], '1: currency is missing; add it (string)'],
    [
      ['input_per_million: 0.4, ', ''],
      '3: models.gpt-4.1-mini is not valid; input_per_million and output_per_million go together',
    ],
    [
      ['0.4', '-0.4'],
      '3: models.gpt-4.1-mini.input_per_million is not valid; write a decimal like 0.4 or "0.0000004", not below zero',
    ],
    [
      ['0.4', 'cheap'],
      '3: models.gpt-4.1-mini.input_per_million is not valid; write a decimal like 0.4 or "0.0000004", not below zero',
    ],
    [
      ['input_per_million', 'input'],
      '3: unknown key models.gpt-4.1-mini.input; known are input_per_million, cached_per_million, output_per_million, audio_per_minute, characters_per_million',
      '3: models.gpt-4.1-mini is not valid; input_per_million and output_per_million go together',
    ],
    [['increment: 60', 'increment: 0'], '5: trunks.number.increment is too small; the least is 1'],
    [['trunks:', 'trunk:'], '4: unknown key trunk; known are currency, models, trunks'],
  ),
  ...cases(
    KEEPING,
    [
      ['days: 365', 'days: 10'],
      '4: organizations.default is not valid; days_in_redis has to be less than days',
    ],
    [
      ['days: 365', 'days: a year'],
      '4: organizations.default.days is not valid; write a whole number of days',
    ],
    [
      ['days_in_redis', 'days_in_rediss'],
      '4: unknown key organizations.default.days_in_rediss; known are days_in_redis, days',
    ],
    [
      [
        '  folder: archive',
        '  folder: archive\n  s3: { bucket: b, endpoint: https://s3.example.com, access_key_env: A, secret_key_env: B }',
      ],
      '1: archive is not valid; keep one of folder and s3',
      '3: archive.s3.bucket is not valid; use the name of a bucket: a-z, 0-9, dots and dashes',
    ],
    [
      [
        '  folder: archive',
        '  s3: { bucket: calls, endpoint: https://s3.example.com, access_key_env: NOT_SET, secret_key_env: NOT_SET }',
      ],
      '2: archive.s3.access_key_env: the variable is not set; set it in the environment or in .env.local',
      '2: archive.s3.secret_key_env: the variable is not set; set it in the environment or in .env.local',
    ],
    [
      [
        '  folder: archive',
        '  s3: { bucket: calls, endpoint: s3.example.com, access_key_env: PBX_PASSWORD, secret_key_env: PBX_PASSWORD }',
      ],
      '2: archive.s3.endpoint is not valid; write it as https://host or http://host:port',
    ],
    [
      ['  default:', '  Default Org:'],
      '4: organizations.Default Org is no valid name; use the name of an organization',
    ],
    [['organizations:', 'organisations:'], '3: unknown key organisations; known are archive, organizations'],
  ),
];
