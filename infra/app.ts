import { join } from 'node:path';
import { App } from 'aws-cdk-lib/core';
import cdkJson from '../cdk.json' with { type: 'json' };
import { BundleError } from './bundles.ts';
import { SettingsError, settingsFromContext } from './deployment-settings.ts';
import { buildApp, projectRoot } from './kindred-app.ts';

try {
  // The CDK command line hands all context, and where to write, over in the environment; without it, cdk.json says both.
  const context = { ...cdkJson.context, ...new App({ autoSynth: false }).node.getAllContext() };
  const outdir = process.env['CDK_OUTDIR'] ?? join(projectRoot, cdkJson.output);
  buildApp({ settings: settingsFromContext(context), outdir }).synth();
} catch (error) {
  if (!(error instanceof SettingsError || error instanceof BundleError)) throw error;
  // The message says what to do; a stack trace would hide it.
  console.error(error.message);
  process.exitCode = 1;
}
