import { z } from 'zod';
import { UnrunnableTemplateError } from '../template/errors.ts';
import type { Json } from '../template/intrinsics.ts';
import { knownOperators, unknownOperators } from './conditions.ts';

/**
 * A policy document as a template holds it, its intrinsic functions resolved.
 * Source: IAM User Guide, "Grammar of the IAM JSON policy language". An element, operator or variable that is not known here is refused.
 */
const oneOrMore = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
const principalSchema = z.union([
  z.literal('*').transform(() => ({ AWS: ['*'] })),
  z.strictObject({ AWS: oneOrMore.optional(), Service: oneOrMore.optional() }),
]);
const scalar = z.union([z.string(), z.boolean(), z.number()]).transform(String);

const statementSchema = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Principal: principalSchema.optional(),
  Action: oneOrMore,
  Resource: oneOrMore.optional(),
  Condition: z.record(z.string(), z.record(z.string(), z.union([scalar, z.array(scalar)]))).optional(),
});
const documentSchema = z.strictObject({
  Version: z.literal('2012-10-17').optional(),
  Id: z.string().optional(),
  Statement: z.preprocess((value) => [value].flat(), z.array(statementSchema)),
});

/** One statement; what AWS lets be written as one value or as a list is a list here. */
export type PolicyStatement = z.infer<typeof statementSchema>;

/**
 * The statements of a document.
 * @param place where it stands, for messages: `stack/logicalId`
 * @throws UnrunnableTemplateError naming every element that is not known here
 */
export function readStatements(document: Json | undefined, place: string): PolicyStatement[] {
  const parsed = documentSchema.safeParse(document);
  if (!parsed.success) {
    throw new UnrunnableTemplateError(
      parsed.error.issues.map(({ path, message }) => `${place}: the policy's ${path.join('.')} is refused: ${message}`),
    );
  }
  const problems = parsed.data.Statement.flatMap((statement) => problemsOf(statement));
  if (problems.length > 0) throw new UnrunnableTemplateError(problems.map((problem) => `${place}: ${problem}`));
  return parsed.data.Statement;
}

function problemsOf({ Condition = {}, Resource = [] }: PolicyStatement): string[] {
  const operators = unknownOperators(Condition).map(
    (name) => `the condition operator ${name} is not known here; known are ${knownOperators.join(', ')}, and …IfExists`,
  );
  const values = Object.values(Condition).flatMap((keys) => Object.values(keys).flat());
  const variables = [...Resource, ...values]
    .filter((text) => text.includes('${'))
    .map((text) => `the policy variable in "${text}" is not known here`);
  return [...operators, ...variables];
}
