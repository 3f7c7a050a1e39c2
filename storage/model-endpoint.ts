import { InvokeEndpointAsyncCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { safetensorsContentType } from '../contracts/model-jobs.ts';
import { storing } from './errors.ts';

/** The asynchronous SageMaker endpoint of the model container. */
export class ModelEndpoint {
  readonly #endpointName: string;
  readonly #bucket: string;
  readonly #client: SageMakerRuntimeClient;

  constructor(endpointName: string, bucket: string, client: SageMakerRuntimeClient = new SageMakerRuntimeClient({})) {
    this.#endpointName = endpointName;
    this.#bucket = bucket;
    this.#client = client;
  }

  /** Queues the job whose request body is the object `inputKey`; the answer goes to S3, and a notice of it to SNS. */
  async submit(inferenceId: string, inputKey: string, contentType: string): Promise<void> {
    await storing(`model job ${inferenceId}`, () =>
      this.#client.send(
        new InvokeEndpointAsyncCommand({
          EndpointName: this.#endpointName,
          InputLocation: `s3://${this.#bucket}/${inputKey}`,
          InferenceId: inferenceId,
          ContentType: contentType,
          Accept: safetensorsContentType,
        }),
      ),
    );
  }
}
