import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ImportReport, importReportSchema } from '../../contracts/imports.ts';
import { planRun } from '../../functions/states/plan-run.ts';
import { s3EventEntry } from '../../local/events/s3-events.ts';
import type { ObjectCreated } from '../../local/s3/events.ts';
import { listUncommitted, readCommits } from '../../storage/committed-files.ts';
import { runKeys } from '../../storage/keys.ts';
import { readInteractions } from '../../storage/lake-files.ts';
import { LakeReader } from '../../storage/lake-reader.ts';
import { runPlanSchema } from '../../contracts/runs.ts';
import { handlerInput } from '../harness/handler-input.ts';
import { drop, pseudonymOf, takeIn } from '../harness/dropped-files.ts';
import { type EmbeddedStores, startEmbeddedStores } from '../harness/embedded-stores.ts';

/** Files dropped into the inbox, taken in and planned for a run, on the embedded S3 and dynalite. */
