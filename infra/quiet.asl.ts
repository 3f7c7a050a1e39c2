/**
 * Starts a run once the inbox has been quiet. Every commit starts one of these (its input is the S3 event of the commit object);
 * each waits the quiet time and then asks whether anything was committed since. Only the last commit finds that nothing was, so a
 * burst of files makes one run. While another run is in progress it goes on waiting.
 */
import { functionArnPlaceholder } from './placeholders.ts';

export const quietDefinition = {
  Comment: 'Kindred: wait until the inbox has been quiet, then start a run',
  QueryLanguage: 'JSONata',
  StartAt: 'WaitForQuiet',
  States: {
    WaitForQuiet: {
      Type: 'Wait',
      Seconds: '{% ${QuietSeconds} %}',
      Assign: { commitKey: '{% $states.input.detail.object.key %}' },
      Next: 'StartRunWhenQuiet',
    },
    StartRunWhenQuiet: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Arguments: {
        FunctionName: functionArnPlaceholder('start-run-when-quiet'),
        Payload: { commitKey: '{% $commitKey %}' },
      },
      Output: '{% $states.result.Payload %}',
      Retry: [
        {
          ErrorEquals: ['States.ALL'],
          IntervalSeconds: 2,
          MaxAttempts: 5,
          BackoffRate: 2,
          JitterStrategy: 'FULL',
        },
      ],
      TimeoutSeconds: 120,
      Next: 'RunInProgress',
    },
    RunInProgress: {
      Type: 'Choice',
      Choices: [{ Condition: '{% $states.input.askAgain %}', Next: 'WaitAgain' }],
      Default: 'Decided',
    },
    WaitAgain: { Type: 'Wait', Seconds: '{% ${QuietSeconds} %}', Next: 'StartRunWhenQuiet' },
    Decided: { Type: 'Succeed' },
  },
};
