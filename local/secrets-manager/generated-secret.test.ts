import fc from 'fast-check';
import { expect, it } from 'vitest';
import { byteSource, randomIndex } from '../random-bytes.ts';
import { generateSecretString } from './generated-secret.ts';

const seeded = (seed: number) => {
  const bytes = byteSource(seed);
  return (below: number) => randomIndex(bytes, below);
};

it('makes a password of the kinds and length asked for, with each kind in it', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.integer({ min: 4, max: 100 }),
      fc.boolean(),
      fc.boolean(),
      (seed, length, punctuation, numbers) => {
        const secret = generateSecretString(
          { PasswordLength: length, ExcludePunctuation: punctuation, ExcludeNumbers: numbers, ExcludeCharacters: 'aZ' },
          seeded(seed),
        );
        expect([...secret]).toHaveLength(length);
        expect(secret).not.toMatch(/[aZ ]/);
        expect(/[^a-zA-Z0-9]/.test(secret)).toBe(!punctuation);
        expect(/[0-9]/.test(secret)).toBe(!numbers);
        expect(secret).toMatch(/[b-z]/);
        expect(secret).toMatch(/[A-Y]/);
      },
    ),
    { numRuns: 50 },
  );
});

it('is the same for the same seed, and another for another', () => {
  const secret = (seed: number) => generateSecretString({ PasswordLength: 64 }, seeded(seed));
  expect(secret(1)).toBe(secret(1));
  expect(secret(1)).not.toBe(secret(2));
});

it('is put into a template under its key', () => {
  const secret = generateSecretString(
    { SecretStringTemplate: '{"user":"shop"}', GenerateStringKey: 'password', PasswordLength: 8 },
    seeded(1),
  );
  expect(JSON.parse(secret)).toEqual({ user: 'shop', password: expect.stringMatching(/^.{8}$/) });
});
