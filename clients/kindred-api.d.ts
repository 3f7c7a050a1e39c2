/** Types of the HTTP API, made from its OpenAPI document by `npm run client-types`. */

export interface paths {
  '/segments': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get: operations['listSegments'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/segments/{segmentId}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get: operations['getSegment'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/segments/{segmentId}/members': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get: operations['listSegmentMembers'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/customers/{customerId}/segment': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get: operations['getCustomerSegment'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/customers/segments:batchGet': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post: operations['batchGetCustomerSegments'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/customers:classify': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post: operations['classifyCustomer'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/runs': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get: operations['listRuns'];
    put?: never;
    post: operations['startRun'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/runs/{runId}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get: operations['getRun'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/openapi.json': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get: operations['getOpenApi'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}

export interface operations {
  /** The live segments, largest first */
  listSegments: {
    parameters: {
      query?: never;
      header?: {
        /** `ETag` of an answer that the caller has: 304 while its run is live. */
        'If-None-Match'?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          ETag?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SegmentsAnswer'];
        };
      };
      304: {
        headers: {
          ETag?: string;
          [name: string]: unknown;
        };
        content?: never;
      };
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message?: string;
          };
        };
      };
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message?: string;
          };
        };
      };
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message?: string;
          };
        };
      };
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      503: {
        headers: {
          'Retry-After'?: number;
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  /** A live segment's whole card */
  getSegment: {
    parameters: {
      query?: never;
      header?: {
        /** `ETag` of an answer that the caller has: 304 while its run is live. */
        'If-None-Match'?: string;
      };
      path: {
        /** Id of a segment, e.g. `seg-3`; `prospects` lists customers without interactions. */
        segmentId: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          ETag?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SegmentAnswer'];
        };
      };
      304: {
        headers: {
          ETag?: string;
          [name: string]: unknown;
        };
        content?: never;
      };
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message?: string;
          };
        };
      };
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message?: string;
          };
        };
      };
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message?: string;
          };
        };
      };
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      503: {
        headers: {
          'Retry-After'?: number;
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  /** A segment's customers, page by page; pages that follow a cursor stay those of its run */
  listSegmentMembers: {
    parameters: {
      query?: {
        /** Entries per page, at most 100. */
        limit?: number;
        /** `cursor.next` of the page before. */
        cursor?: string;
      };
      header?: {
        /** `ETag` of an answer that the caller has: 304 while its run is live. */
        'If-None-Match'?: string;
      };
      path: {
        /** Id of a segment, e.g. `seg-3`; `prospects` lists customers without interactions. */
        segmentId: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          ETag?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SegmentMembersAnswer'];
        };
      };
      304: {
        headers: {
          ETag?: string;
          [name: string]: unknown;
        };
        content?: never;
      };
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message?: string;
          };
        };
      };
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message?: string;
          };
        };
      };
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message?: string;
          };
        };
      };
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      503: {
        headers: {
          'Retry-After'?: number;
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  /** Which segment a customer is in, how sure that is, and on what facts */
  getCustomerSegment: {
    parameters: {
      query?: never;
      header?: {
        /** `ETag` of an answer that the caller has: 304 while its run is live. */
        'If-None-Match'?: string;
      };
      path: {
        /** The shop's own id of the customer. */
        customerId: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          ETag?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['CustomerSegmentAnswer'];
        };
      };
      304: {
        headers: {
          ETag?: string;
          [name: string]: unknown;
        };
        content?: never;
      };
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message?: string;
          };
        };
      };
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message?: string;
          };
        };
      };
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message?: string;
          };
        };
      };
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      503: {
        headers: {
          'Retry-After'?: number;
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  /** The segments of up to 100 customers, in their order, and whom nobody knows */
  batchGetCustomerSegments: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['CustomerSegmentsRequest'];
      };
    };
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['CustomerSegmentsAnswer'];
        };
      };
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message?: string;
          };
        };
      };
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message?: string;
          };
        };
      };
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message?: string;
          };
        };
      };
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      503: {
        headers: {
          'Retry-After'?: number;
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  /** Which segment a customer would be in, by what the request tells of them; nothing of it is kept */
  classifyCustomer: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['ClassificationRequest'];
      };
    };
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ClassificationAnswer'];
        };
      };
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message?: string;
          };
        };
      };
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message?: string;
          };
        };
      };
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      409: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message?: string;
          };
        };
      };
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      503: {
        headers: {
          'Retry-After'?: number;
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  /** All runs, newest first */
  listRuns: {
    parameters: {
      query?: {
        /** Entries per page, at most 100. */
        limit?: number;
        /** `cursor.next` of the page before. */
        cursor?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['RunsAnswer'];
        };
      };
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message?: string;
          };
        };
      };
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message?: string;
          };
        };
      };
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message?: string;
          };
        };
      };
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      503: {
        headers: {
          'Retry-After'?: number;
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  /** Starts a run now, of all files taken in so far */
  startRun: {
    parameters: {
      query?: never;
      header?: {
        /** Made up by the caller, e.g. a UUID. A request that is sent again with the same key starts no second run. */
        'Idempotency-Key'?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['RunRequest'];
      };
    };
    responses: {
      202: {
        headers: {
          Location?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['RunStartAnswer'];
        };
      };
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message?: string;
          };
        };
      };
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message?: string;
          };
        };
      };
      409: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message?: string;
          };
        };
      };
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      503: {
        headers: {
          'Retry-After'?: number;
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  /** One run: its progress, its quality, its stages */
  getRun: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** Id of a run, e.g. `run-000001`. */
        runId: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['RunAnswer'];
        };
      };
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message?: string;
          };
        };
      };
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message?: string;
          };
        };
      };
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message?: string;
          };
        };
      };
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      503: {
        headers: {
          'Retry-After'?: number;
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  /** This document */
  getOpenApi: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            [name: string]: unknown;
          };
        };
      };
    };
  };
}

export interface components {
  schemas: {
    Problem: {
      type: string;
      title: string;
      status: number;
      detail: string;
      instance?: string;
    };
    SegmentSummary: {
      segmentId: string;
      name: string;
      customers: number;
      share: number;
      revenue: number;
      revenueShare: number;
      summary: string;
    };
    SegmentCard: {
      segmentId: string;
      name: string;
      customers: number;
      share: number;
      revenue: number;
      revenueShare: number;
      summary: string;
      traits: ({
        feature: string;
        label: string;
        segmentMean: number;
        baseMean: number;
        segmentTypical: number;
        baseTypical: number;
        ratio: number | null;
        effectSize: number;
        phrase: string;
      })[];
      categories: {
        word: string;
        share: number;
        lift: number;
      }[];
      words: {
        word: string;
        share: number;
        lift: number;
      }[];
      items: {
        item: string;
        title: string;
        customers: number;
        customerShare: number;
        lift: number;
      }[];
      typicalCustomers: string[];
      lifecycle: {
        [name: string]: number;
      };
      months: {
        month: string;
        revenue: number;
        lines: number;
      }[];
      matchedFrom: {
        segmentId: string;
        jaccard: number;
      } | null;
    };
    SegmentMember: {
      customerId: string;
      confidence: number | null;
    };
    CustomerSegment: {
      customerId: string;
      segment: {
        id: string;
        name: string;
      };
      confidence: number | null;
      alternatives: {
        id: string;
        name: string;
        probability: number;
      }[];
      features: {
        firstPurchaseAt: string | null;
        lastPurchaseAt: string | null;
        lastEventAt: string | null;
        orders: number;
        lines: number;
        units: number;
        revenue: number;
        refundAmount: number;
        distinctItems: number;
        reviews: number;
        meanRating: number | null;
        lifecycleStage: string;
        recencyDays: number | null;
        tenureDays: number | null;
      };
      assignedAt: string;
      isDataPartial: boolean;
    };
    RunSummary: {
      runId: string;
      runSeq: number;
      status: "RUNNING" | "LIVE" | "SUPERSEDED" | "HELD" | "FAILED";
      trigger: string;
      executionName: string;
      options?: components['schemas']['RunRequest'];
      startedAt: string;
      finishedAt?: string;
      error?: string;
      reason?: string;
      matrixId?: string;
      files?: number;
      customers?: number;
      prospects?: number;
      segments?: number;
      embedding?: {
        host: "lambda" | "sagemaker";
        uncachedTexts: number;
      };
    };
    SegmentsAnswer: {
      runId: string;
      modelVersion: string;
      featuresAsOf: string;
      data: components['schemas']['SegmentSummary'][];
    };
    SegmentAnswer: {
      runId: string;
      modelVersion: string;
      featuresAsOf: string;
      segment: components['schemas']['SegmentCard'];
    };
    SegmentMembersAnswer: {
      runId: string;
      modelVersion: string;
      featuresAsOf: string;
      segmentId: string;
      customers: number;
      data: components['schemas']['SegmentMember'][];
      cursor: {
        next: string | null;
        has_more: boolean;
        limit: number;
      };
    };
    CustomerSegmentAnswer: {
      customerId: string;
      segment: {
        id: string;
        name: string;
      };
      confidence: number | null;
      alternatives: {
        id: string;
        name: string;
        probability: number;
      }[];
      features: {
        firstPurchaseAt: string | null;
        lastPurchaseAt: string | null;
        lastEventAt: string | null;
        orders: number;
        lines: number;
        units: number;
        revenue: number;
        refundAmount: number;
        distinctItems: number;
        reviews: number;
        meanRating: number | null;
        lifecycleStage: string;
        recencyDays: number | null;
        tenureDays: number | null;
      };
      assignedAt: string;
      isDataPartial: boolean;
      runId: string;
      modelVersion: string;
      featuresAsOf: string;
    };
    CustomerSegmentsRequest: {
      /** Up to 100 ids; one that is given twice is answered twice. */
      customerIds: string[];
    };
    CustomerSegmentsAnswer: {
      runId: string;
      modelVersion: string;
      featuresAsOf: string;
      data: components['schemas']['CustomerSegment'][];
      notFound: string[];
    };
    ClassificationRequest: {
      /** What is known of the customer, under the names and with the values of the files. */
      attributes?: {
        [name: string]: number | string;
      };
      events: {
        /** What was done, named as in files: `purchase`, `refund`, `view`, `add_to_cart`, `review`, …; an unknown name counts as `custom`. */
        type: string;
        time: string;
        item?: {
          /** The shop's own id: an item that the live run knows needs no title. */
          id?: string;
          title?: string;
          /** The narrowest last, after a `>`. */
          category?: string;
        };
        /** Units; below 0 for what was given back. */
        quantity?: number;
        /** Money of the whole line, in the shop's currency. */
        amount?: number;
        rating?: number;
        /** What the customer wrote: a review, a question. */
        text?: string;
        orderId?: string;
      }[];
    };
    ClassificationAnswer: {
      segment: {
        id: string;
        name: string;
      };
      confidence: number;
      alternatives: {
        id: string;
        name: string;
        probability: number;
      }[];
      features: {
        firstPurchaseAt: string | null;
        lastPurchaseAt: string | null;
        lastEventAt: string | null;
        orders: number;
        lines: number;
        units: number;
        revenue: number;
        refundAmount: number;
        distinctItems: number;
        reviews: number;
        meanRating: number | null;
        lifecycleStage: string;
      };
      isDataPartial: boolean;
      runId: string;
      modelVersion: string;
      featuresAsOf: string;
      embedding: {
        cachedTexts: number;
        embeddedTexts: number;
        profileId: string | null;
        runProfileId: string | null;
        isExact: boolean;
      };
      itemsWithoutText: number;
      ignoredAttributes: string[];
    };
    RunsAnswer: {
      data: components['schemas']['RunSummary'][];
      cursor: {
        next: string | null;
        has_more: boolean;
        limit: number;
      };
    };
    RunAnswer: {
      runId: string;
      runSeq: number;
      status: "RUNNING" | "LIVE" | "SUPERSEDED" | "HELD" | "FAILED";
      trigger: string;
      executionName: string;
      options?: components['schemas']['RunRequest'];
      startedAt: string;
      finishedAt?: string;
      error?: string;
      reason?: string;
      matrixId?: string;
      manifestSha256?: string;
      files?: number;
      customers?: number;
      prospects?: number;
      segments?: number;
      embedding?: {
        host: "lambda" | "sagemaker";
        uncachedTexts: number;
      };
      clustering?: {
        algorithm: "k-means";
        k: number;
        chosenBy: "owner" | "auto";
        candidates: {
          k: number;
          silhouette: number;
          stability: number;
          smallestShare: number;
          score: number;
        }[];
        customers: number;
        dims: number;
        inertia: number;
        iterations: number;
        converged: boolean;
        sizes: number[];
        silhouette: number;
      };
      evaluation?: {
        heldOutCustomers: number;
        accuracy: number;
        macroF1: number;
        majorityBaseline: number;
        fidelity: number;
        temperature: number;
        expectedCalibrationError: number;
        explainedVariance: number;
        trainedEpochs: number;
        modelVersion: string;
        promote: boolean;
        reason: string;
      };
      stages: {
        stage: string;
        partitions: number;
        rows: number;
        tookMs: number;
      }[];
    };
    RunRequest: {
      /** How many segments, 2 to 100, or `auto` to choose by silhouette, stability and useful size. */
      segments?: "auto" | number;
      /** Dimensions of a customer's vector. */
      vectorDims?: number;
      /** Smallest accuracy on held-out customers at which the run goes live. */
      minimumAccuracy?: number;
    };
    RunStartAnswer: {
      runId: string;
      executionName: string;
    };
  };
}
