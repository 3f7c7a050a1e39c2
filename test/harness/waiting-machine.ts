import { createTestEngine, lambdaIntegrations, MACHINE_ARN } from '../../local/states/conformance-drivers.ts';
import { startStatesServer } from '../../local/states/server.ts';
import { Executions } from '../../storage/executions.ts';
import { credentials, region } from './embedded-stores.ts';

export const machineArn = MACHINE_ARN;

/** A machine whose executions wait for one answer, behind the Step Functions API on loopback; in virtual time. */
export async function startWaitingMachine() {
  const tokens: string[] = [];
  const { engine, time } = createTestEngine({
    integrations: lambdaIntegrations({
      submit: (payload) => {
        tokens.push((payload as { readonly taskToken: string }).taskToken);
      },
    }),
  });
  engine.addStateMachine({
    arn: machineArn,
    name: 'Machine',
    type: 'STANDARD',
    roleArn: 'arn:aws:iam::123456789012:role/machine',
    definition: {
      QueryLanguage: 'JSONata',
      StartAt: 'Wait',
      States: {
        Wait: {
          Type: 'Task',
          Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
          Arguments: { FunctionName: 'submit', Payload: { taskToken: '{% $states.context.Task.Token %}' } },
          TimeoutSeconds: 7200,
          End: true,
        },
      },
    },
  });
  const server = await startStatesServer({ engine, port: 0, host: '127.0.0.1' });
  const executions = new Executions({ region, credentials, endpoint: server.url });
  const executionArn = (name: string) => `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`;
  return {
    executions,
    time,
    /** The tokens of the tasks that wait or waited, in order. */
    tokens,
    names: () => engine.store.list(() => true).map(({ info }) => info.name),
    inputOf: (name: string): unknown => JSON.parse(engine.store.get(executionArn(name)).info.input),
    endOf: (name: string) => time.settle(engine.ended(executionArn(name))),
    async close(): Promise<void> {
      executions.close();
      engine.close();
      await server.close();
    },
  };
}
