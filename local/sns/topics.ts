import type { DeadLetter } from '../sqs/dead-letter-queues.ts';
import { UnrunnableTemplateError } from '../template/errors.ts';
import type { CloudResource } from '../template/resolved-template.ts';

interface Subscription {
  readonly arn: string;
  readonly functionArn: string;
  /** ARN of the queue for messages that could not be delivered. */
  readonly deadLetterArn?: string;
}

export interface TopicsOptions {
  readonly resources: readonly CloudResource[];
  /** Invokes a function with an event (JSON) in the name of a topic. Rejects when the function does not exist or may not be invoked. */
  readonly invokeAsync: (functionArn: string, payload: string, topicArn: string) => Promise<void>;
  readonly sendToQueue: (message: DeadLetter, topicArn: string) => Promise<void>;
  readonly clock: () => number;
  readonly uuid: () => string;
  /** Told of a message that was lost. */
  readonly log: (line: string) => void;
}

/** A message for a topic that the template does not have. */
export class UnknownTopicError extends Error {
  override readonly name = 'UnknownTopicError';
  readonly code = 'NotFound';
  readonly retryable = false;
}

/** SNS topics with functions as subscribers. */
export class Topics {
  readonly #options: TopicsOptions;
  readonly #subscriptions = new Map<string, Subscription[]>();

  constructor(options: TopicsOptions) {
    this.#options = options;
    for (const { type, ref } of options.resources) {
      if (type === 'AWS::SNS::Topic') this.#subscriptions.set(ref, []);
    }
    for (const resource of options.resources) {
      if (resource.type === 'AWS::SNS::Subscription') this.#subscribe(resource);
    }
  }

  /** Resolves once every subscriber's function, or its dead-letter queue, has the message. @throws UnknownTopicError */
  async publish(topicArn: string, message: string, subject?: string): Promise<void> {
    const subscriptions = this.#subscriptions.get(topicArn);
    if (subscriptions === undefined) {
      throw new UnknownTopicError(
        `There is no topic ${topicArn}; there are ${[...this.#subscriptions.keys()].join(', ') || 'none'}.`,
      );
    }
    const messageId = this.#options.uuid();
    await Promise.all(
      subscriptions.map((subscription) => this.#deliver(subscription, topicArn, messageId, message, subject)),
    );
  }

  #subscribe({ stack, logicalId, ref, properties }: CloudResource): void {
    const { TopicArn, Protocol, Endpoint, RedrivePolicy } = properties;
    // People are told of alarms by e-mail, and no alarm goes off here.
    if (Protocol === 'email') return;
    if (Protocol !== 'lambda') {
      throw new UnrunnableTemplateError([
        `${stack}/${logicalId}: the protocol ${Protocol} is not known here; known are lambda and email`,
      ]);
    }
    const deadLetterArn = (RedrivePolicy as { deadLetterTargetArn?: string } | undefined)?.deadLetterTargetArn;
    this.#subscriptions.get(String(TopicArn))?.push({
      arn: ref,
      functionArn: String(Endpoint),
      ...(deadLetterArn === undefined ? {} : { deadLetterArn }),
    });
  }

  /** The event's shape is that of "Invoking Lambda functions with Amazon SNS notifications"; nobody verifies its signature in a function. */
  async #deliver(
    subscription: Subscription,
    topicArn: string,
    messageId: string,
    message: string,
    subject: string | undefined,
  ): Promise<void> {
    const event = {
      Records: [
        {
          EventSource: 'aws:sns',
          EventVersion: '1.0',
          EventSubscriptionArn: subscription.arn,
          Sns: {
            Type: 'Notification',
            MessageId: messageId,
            TopicArn: topicArn,
            Subject: subject ?? null,
            Message: message,
            Timestamp: new Date(this.#options.clock()).toISOString(),
            SignatureVersion: '1',
            Signature: 'EMBEDDED',
            SigningCertUrl: 'https://sns.us-east-1.amazonaws.com/SimpleNotificationService.pem',
            UnsubscribeUrl: `https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=${subscription.arn}`,
            MessageAttributes: {},
          },
        },
      ],
    };
    try {
      await this.#options.invokeAsync(subscription.functionArn, JSON.stringify(event), topicArn);
    } catch (error) {
      const { message: reason } = error as Error;
      const { deadLetterArn: queueArn } = subscription;
      if (queueArn === undefined) this.#options.log(`A message of ${topicArn} is lost: ${reason}`);
      else
        await this.#options.sendToQueue({ queueArn, body: message, attributes: { ERROR_MESSAGE: reason } }, topicArn);
    }
  }
}
