/** Synthesizes the CDK app: `node synthesis-process.ts <settings as JSON> <folder of the cloud assembly>`. */
import process from 'node:process';
import { checkedSettings } from '../../infra/deployment-settings.ts';
import { buildApp } from '../../infra/kindred-app.ts';

const [settings = '{}', outdir = ''] = process.argv.slice(2);
buildApp({ settings: checkedSettings(JSON.parse(settings)), outdir }).synth();
