import { expect, test } from 'vitest';
import { environments } from '../contracts/environments.ts';
import { functionArnPlaceholder, functionArnSubstitution } from './placeholders.ts';
import { quietDefinition } from './quiet.asl.ts';
import { segmentRunDefinition } from './segment-run.asl.ts';

test('a function is named in Pascal case, as CloudFormation allows', () => {
  expect(functionArnSubstitution('open-run')).toBe('OpenRunFunctionArn');
  // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own notation
  expect(functionArnPlaceholder('start-run-when-quiet')).toBe('${StartRunWhenQuietFunctionArn}');
});

test('no two functions share a placeholder, and every placeholder of the machines is of a function or a known setting', () => {
  const known = Object.keys(environments).map(functionArnSubstitution);
  expect(new Set(known).size).toBe(known.length);
  const used = [segmentRunDefinition(['lambda', 'sagemaker']), quietDefinition].flatMap((definition) =>
    [...JSON.stringify(definition).matchAll(/\$\{([^}]*)\}/g)].map(([, name]) => name),
  );
  const others = [...new Set(used)].filter((name) => !known.includes(name ?? ''));
  expect(others.sort()).toEqual(['BucketName', 'QuietSeconds']);
});
