import { safetensorsContentType } from '../contracts/model-jobs.ts';
import { storing } from './errors.ts';
import { jsonErrorIn } from './json-service.ts';
import { accessFromEnvironment, type ServiceAccess, SignedService } from './signed-service.ts';

/** The longest that SageMaker allows one invocation. */
const longestInvocationSeconds = 3600;
/** Whoever waits for the answer gives up after two hours: a request that has not been begun by then is not begun at all. */
const longestWaitSeconds = 7200;

/** The asynchronous SageMaker endpoint of the model container. */
export class ModelEndpoint {
  readonly #endpointName: string;
  readonly #bucket: string;
  readonly #service: SignedService;

  constructor(
    endpointName: string,
    bucket: string,
    access: ServiceAccess = accessFromEnvironment('SAGEMAKER_RUNTIME', 'runtime.sagemaker'),
  ) {
    this.#endpointName = endpointName;
    this.#bucket = bucket;
    this.#service = new SignedService('sagemaker', access);
  }

  /**
   * Queues the job whose request body is the object `inputKey`; the answer goes to S3, and a notice of it to SNS. InvokeEndpointAsync,
   * Amazon SageMaker Runtime API Reference.
   * @returns where the answer will be stored: a result or a failure
   */
  async submit(inferenceId: string, inputKey: string, contentType: string): Promise<string[]> {
    const { headers } = await storing(`model job ${inferenceId}`, () =>
      this.#service.send(
        {
          method: 'POST',
          path: `/endpoints/${encodeURIComponent(this.#endpointName)}/async-invocations`,
          headers: {
            'X-Amzn-SageMaker-InputLocation': `s3://${this.#bucket}/${inputKey}`,
            'X-Amzn-SageMaker-Inference-Id': inferenceId,
            'X-Amzn-SageMaker-Content-Type': contentType,
            'X-Amzn-SageMaker-Accept': safetensorsContentType,
            'X-Amzn-SageMaker-InvocationTimeoutSeconds': String(longestInvocationSeconds),
            'X-Amzn-SageMaker-RequestTTLSeconds': String(longestWaitSeconds),
          },
          body: '',
        },
        jsonErrorIn,
      ),
    );
    return [headers['x-amzn-sagemaker-outputlocation'], headers['x-amzn-sagemaker-failurelocation']]
      .filter((location) => typeof location === 'string')
      .map((location) => new URL(location).pathname.slice(1));
  }

  close(): void {
    this.#service.close();
  }
}
