import * as z from 'zod';

/** What a run was asked to do; frozen in its plan. */
export const runOptionsSchema = z.strictObject({
  segments: z.union([z.literal('auto'), z.int().min(2)]),
  vectorDims: z.int().min(2),
  model: z.string().min(1),
  minimumAccuracy: z.number().min(0).max(1),
  seed: z.int().nonnegative(),
});
export type RunOptions = z.infer<typeof runOptionsSchema>;

/** What one run can be asked to do otherwise than the deployment's settings say. */
export const requestedOptionsSchema = z.strictObject({
  segments: z
    .union([z.literal('auto'), z.int().min(2).max(100)])
    .optional()
    .describe('How many segments, 2 to 100, or `auto` to choose by silhouette, stability and useful size.'),
  vectorDims: z.int().min(2).max(1024).optional().describe("Dimensions of a customer's vector."),
  minimumAccuracy: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('Smallest accuracy on held-out customers at which the run goes live.'),
});
export type RequestedOptions = z.infer<typeof requestedOptionsSchema>;

/** `runs/<runId>/plan.json`: the frozen input. A run is a pure function of this object and of the files that it names. */
export const runPlanSchema = z.strictObject({
  runId: z.string(),
  runSeq: z.int().positive(),
  startedAt: z.iso.datetime(),
  /** sha256 over the options, the imports and the matrix. */
  manifestSha256: z.string().length(64),
  options: runOptionsSchema,
  /** Encoder of this run. */
  model: z.string().min(1),
  /** `zh` where most letters of the texts are Han. */
  language: z.enum(['en', 'zh']),
  /** The latest event, or without any the drop of the matrix: features are read as of this moment, milliseconds since 1970. */
  asOfMs: z.number(),
  partitions: z.int().positive(),
  imports: z.array(
    z.strictObject({
      importId: z.string(),
      objectKey: z.string(),
      kind: z.enum(['customers', 'items', 'interactions']),
      modifiedAtMs: z.number(),
    }),
  ),
  /** Parquet keys per partition, oldest import first: a later record of a customer replaces the earlier. */
  customerParts: z.array(z.array(z.string())),
  interactionParts: z.array(z.array(z.string())),
  itemParts: z.array(z.string()),
  textParts: z.array(z.string()),
  /** Where the run clusters vectors of the team's own: the keys of the customers and of their vectors, by partition. */
  matrix: z
    .strictObject({
      matrixId: z.string(),
      objectKey: z.string(),
      customerParts: z.array(z.string()),
      vectorParts: z.array(z.string()),
    })
    .optional(),
  /** The run that was live when this one was planned: segments are matched with its own. */
  previousRunId: z.string().optional(),
});
export type RunPlan = z.infer<typeof runPlanSchema>;

export const runStatuses = ['RUNNING', 'LIVE', 'SUPERSEDED', 'HELD', 'FAILED'] as const;

const chosenK = z.strictObject({
  k: z.int(),
  silhouette: z.number(),
  stability: z.number(),
  smallestShare: z.number(),
  score: z.number(),
});

/** `runs/<runId>/clustering.json` */
export const clusteringReportSchema = z.strictObject({
  algorithm: z.literal('k-means'),
  k: z.int().positive(),
  chosenBy: z.enum(['owner', 'auto']),
  candidates: z.array(chosenK),
  customers: z.int().nonnegative(),
  dims: z.int().positive(),
  inertia: z.number(),
  iterations: z.int(),
  converged: z.boolean(),
  sizes: z.array(z.int()),
  silhouette: z.number(),
});
export type ClusteringReport = z.infer<typeof clusteringReportSchema>;

/** `runs/<runId>/evaluation.json` */
export const evaluationSchema = z.strictObject({
  heldOutCustomers: z.int().nonnegative(),
  accuracy: z.number(),
  macroF1: z.number(),
  majorityBaseline: z.number(),
  /** Share of all segmented customers whom the classifier puts where the clustering did. */
  fidelity: z.number(),
  temperature: z.number(),
  expectedCalibrationError: z.number(),
  /** Part of the vectors' variance that the output layer keeps; 1 where vectors of the team's own are taken as they are. */
  explainedVariance: z.number(),
  trainedEpochs: z.int(),
  modelVersion: z.string(),
  promote: z.boolean(),
  reason: z.string(),
});
export type Evaluation = z.infer<typeof evaluationSchema>;

/** The facts of a customer that a look-up answers with; absolute, never relative to the moment of asking. */
export const customerFactsSchema = z.strictObject({
  firstPurchaseAt: z.iso.datetime().nullable(),
  lastPurchaseAt: z.iso.datetime().nullable(),
  lastEventAt: z.iso.datetime().nullable(),
  orders: z.number(),
  lines: z.number(),
  units: z.number(),
  revenue: z.number(),
  refundAmount: z.number(),
  distinctItems: z.number(),
  reviews: z.number(),
  meanRating: z.number().nullable(),
});
export type CustomerFacts = z.infer<typeof customerFactsSchema>;
