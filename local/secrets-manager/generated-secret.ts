/**
 * Secrets made as `GenerateSecretString` asks.
 * Source: CloudFormation template reference, AWS::SecretsManager::Secret GenerateSecretString; Secrets Manager API, GetRandomPassword.
 */
export interface GenerateSecretString {
  readonly ExcludeCharacters?: string;
  readonly ExcludeLowercase?: boolean;
  readonly ExcludeNumbers?: boolean;
  readonly ExcludePunctuation?: boolean;
  readonly ExcludeUppercase?: boolean;
  readonly GenerateStringKey?: string;
  readonly IncludeSpace?: boolean;
  readonly PasswordLength?: number;
  readonly RequireEachIncludedType?: boolean;
  readonly SecretStringTemplate?: string;
}

const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';
const DEFAULT_LENGTH = 32;

/** @param randomIndex a number from 0 up to, but not including, its argument */
export function generateSecretString(options: GenerateSecretString, randomIndex: (below: number) => number): string {
  const password = generatePassword(options, randomIndex);
  const { SecretStringTemplate, GenerateStringKey } = options;
  if (SecretStringTemplate === undefined || GenerateStringKey === undefined) return password;
  return JSON.stringify({ ...JSON.parse(SecretStringTemplate), [GenerateStringKey]: password });
}

function generatePassword(options: GenerateSecretString, randomIndex: (below: number) => number): string {
  const { PasswordLength: length = DEFAULT_LENGTH, RequireEachIncludedType: requireEach = true } = options;
  const excluded = new Set(options.ExcludeCharacters ?? '');
  const kinds = [
    options.ExcludeLowercase ? '' : 'abcdefghijklmnopqrstuvwxyz',
    options.ExcludeUppercase ? '' : 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
    options.ExcludeNumbers ? '' : '0123456789',
    options.ExcludePunctuation ? '' : PUNCTUATION,
    options.IncludeSpace ? ' ' : '',
  ]
    .map((kind) => [...kind].filter((character) => !excluded.has(character)))
    .filter((kind) => kind.length > 0);
  const all = kinds.flat();
  const pick = (from: readonly string[]): string => from[randomIndex(from.length)]!;
  const characters = Array.from({ length }, (_, index) =>
    pick(requireEach && index < kinds.length ? kinds[index]! : all),
  );
  // The kinds that had to be there stand first: shuffle (Fisher and Yates).
  for (let last = characters.length - 1; last > 0; last -= 1) {
    const other = randomIndex(last + 1);
    [characters[last], characters[other]] = [characters[other]!, characters[last]!];
  }
  return characters.join('');
}
