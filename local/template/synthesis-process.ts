/** Synthesizes the CDK app: `node synthesis-process.ts <settings as JSON> <folder of the cloud assembly>`. */
import process from 'node:process';
import { checkedSettings } from '../../infra/deployment-settings.ts';
import { buildApp } from '../../infra/kindred-app.ts';

const [settings = '{}', outdir = ''] = process.argv.slice(2);
// CloudFormation's schemas are left to `npm run synth` and to the tests: they take half of the time and change no byte.
buildApp({ settings: checkedSettings(JSON.parse(settings)), outdir, checkTemplates: false }).synth();
