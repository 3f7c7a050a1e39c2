import { AccessDeniedError } from './iam/access-denied-error.ts';
import type { ServicePermissions } from './service-permissions.ts';
import type { DeadLetter, DeadLetterQueues } from './sqs/dead-letter-queues.ts';

/** Sends as a role, or as a service in the name of a rule or topic. A letter that may not be sent is lost, as it is in AWS. */
export type SendDeadLetter = (sender: string, message: DeadLetter, sourceArn?: string) => Promise<void>;

/** @param log told of a letter that was lost */
export function deadLetterSender(
  queues: DeadLetterQueues,
  permissions: ServicePermissions,
  log: (line: string) => void,
): SendDeadLetter {
  return async (sender, message, sourceArn) => {
    try {
      permissions.sendMessage(sender, message.queueArn, sourceArn);
      await queues.send(message);
    } catch (error) {
      if (!(error instanceof AccessDeniedError)) throw error;
      log(`A message for ${message.queueArn} is lost`);
    }
  };
}
