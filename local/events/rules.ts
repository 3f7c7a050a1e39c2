import { UnrunnableTemplateError } from '../template/errors.ts';
import type { Json } from '../template/intrinsics.ts';
import type { CloudResource } from '../template/resolved-template.ts';
import { type TargetInput, targetInput } from './input-transformer.ts';
import { compilePattern, type EventMatcher } from './pattern.ts';
import { parseSchedule, type Schedule } from './schedule.ts';

export interface RuleTarget {
  readonly arn: string;
  /** In whose name the target is called; a function is called in the rule's own. */
  readonly roleArn?: string;
  readonly input: TargetInput;
  /** ARN of the queue for events that could not be delivered. */
  readonly deadLetterArn?: string;
}

export interface Rule {
  readonly arn: string;
  readonly matches?: EventMatcher;
  readonly schedule?: Schedule;
  readonly targets: readonly RuleTarget[];
}

interface TargetProperties {
  readonly Arn: string;
  readonly DeadLetterConfig?: { readonly Arn: string };
  readonly Input?: string;
  readonly InputPath?: string;
  readonly RoleArn?: string;
  readonly InputTransformer?: { readonly InputPathsMap?: Record<string, string>; readonly InputTemplate: string };
}

/** The enabled rules of the template. @throws UnrunnableTemplateError for a pattern, schedule or bus that cannot be served here */
export function rulesOf(resources: readonly CloudResource[]): Rule[] {
  return resources
    .filter(({ type, properties }) => type === 'AWS::Events::Rule' && properties['State'] !== 'DISABLED')
    .map(ruleOf);
}

function ruleOf({ stack, logicalId, properties, attributes }: CloudResource): Rule {
  const { EventPattern, ScheduleExpression, EventBusName = 'default', Targets = [] } = properties;
  try {
    if (EventBusName !== 'default')
      throw new TypeError(`the event bus ${EventBusName} is not known here; known is default`);
    return {
      arn: attributes['Arn']!,
      ...(EventPattern === undefined ? {} : { matches: compilePattern(EventPattern) }),
      ...(ScheduleExpression === undefined ? {} : { schedule: parseSchedule(String(ScheduleExpression)) }),
      targets: (Targets as Json[]).map((target) => targetOf(target as unknown as TargetProperties)),
    };
  } catch (cause) {
    throw new UnrunnableTemplateError([`${stack}/${logicalId}: ${(cause as Error).message}`], { cause });
  }
}

/** @throws InputPathError */
function targetOf({
  Arn,
  DeadLetterConfig,
  Input,
  InputPath,
  InputTransformer,
  RoleArn,
}: TargetProperties): RuleTarget {
  const input: TargetInput = {
    ...(Input === undefined ? {} : { input: Input }),
    ...(InputPath === undefined ? {} : { inputPath: InputPath }),
    ...(InputTransformer === undefined
      ? {}
      : {
          inputTransformer: {
            inputPathsMap: InputTransformer.InputPathsMap ?? {},
            inputTemplate: InputTransformer.InputTemplate,
          },
        }),
  };
  // Tried once, so that a path that is not known here stops the start and not the first event.
  targetInput({}, input);
  return {
    arn: Arn,
    ...(RoleArn === undefined ? {} : { roleArn: RoleArn }),
    input,
    ...(DeadLetterConfig === undefined ? {} : { deadLetterArn: DeadLetterConfig.Arn }),
  };
}
