import type {
  DistributedMapState,
  ItemBatcher,
  ItemInputType,
  ItemReader,
  MapState,
  ReaderConfig,
  ResultWriter,
  StateGroup,
} from './definition.ts';
import type { DefinitionObject, DefinitionReader } from './definition-reader.ts';
import { type Json, MAX_PAYLOAD_BYTES } from './json.ts';

const DISTRIBUTED_ONLY = [
  'ItemReader',
  'ItemBatcher',
  'ResultWriter',
  'ToleratedFailureCount',
  'ToleratedFailurePercentage',
  'Label',
];
const DELIMITERS = { COMMA: ',', PIPE: '|', SEMICOLON: ';', SPACE: ' ', TAB: '\t' } as const;
const S3_RESOURCE = /^arn:aws[\w-]*:states:::s3:(\w+)$/;

type MapBase = Pick<MapState, 'name' | 'path' | 'output' | 'assign' | 'retry' | 'catch' | 'next'>;
type LoadGroup = (value: Json | undefined, path: string, extraFields: readonly string[]) => StateGroup | undefined;

/** Loads a Map state (developer guide, "Map workflow state", and the ItemReader, ItemBatcher, ResultWriter pages). */
export function loadMapState(
  reader: DefinitionReader,
  object: DefinitionObject,
  base: MapBase,
  loadGroup: LoadGroup,
): MapState | undefined {
  const processorPath = `${object.path}/ItemProcessor`;
  const processor = loadGroup(object.value['ItemProcessor'], processorPath, ['ProcessorConfig']);
  if (!processor) return undefined;
  const { mode, executionType } = loadProcessorConfig(reader, object);
  const shared = {
    ...base,
    type: 'Map' as const,
    processor,
    items: loadItems(reader, object),
    itemSelector: reader.template(object, 'ItemSelector'),
    maxConcurrency: reader.numberTemplate(object, 'MaxConcurrency', 0, 1_000_000),
  };
  if (mode === 'INLINE') {
    for (const field of DISTRIBUTED_ONLY) {
      if (object.value[field] !== undefined) {
        reader.problem(`${object.path}/${field}`, `The field '${field}' is for Map states in DISTRIBUTED mode only`);
      }
    }
    return { ...shared, mode };
  }
  const itemReader = loadItemReader(reader, object);
  if (itemReader && shared.items) {
    reader.problem(object.path, "A Map state takes its items from 'Items' or from 'ItemReader', not from both");
  }
  return {
    ...shared,
    mode,
    executionType: executionType ?? 'STANDARD',
    label: loadLabel(reader, object, base.name),
    itemReader,
    itemBatcher: loadItemBatcher(reader, object),
    resultWriter: loadResultWriter(reader, object),
    toleratedFailureCount: reader.numberTemplate(object, 'ToleratedFailureCount', 0, 1e9),
    toleratedFailurePercentage: reader.numberTemplate(object, 'ToleratedFailurePercentage', 0, 100, { integer: false }),
  };
}

function loadProcessorConfig(
  reader: DefinitionReader,
  object: DefinitionObject,
): { mode: MapState['mode']; executionType?: DistributedMapState['executionType'] } {
  const processor = object.value['ItemProcessor'] as { readonly [key: string]: Json };
  if (processor['ProcessorConfig'] === undefined) return { mode: 'INLINE' };
  const path = `${object.path}/ItemProcessor/ProcessorConfig`;
  const config = reader.object(processor['ProcessorConfig'], path, ['Mode', 'ExecutionType']);
  if (!config) return { mode: 'INLINE' };
  const mode = reader.oneOf(config, 'Mode', ['INLINE', 'DISTRIBUTED']) ?? 'INLINE';
  const executionType = reader.oneOf(config, 'ExecutionType', ['STANDARD', 'EXPRESS']);
  if ((mode === 'DISTRIBUTED') !== (executionType !== undefined)) {
    reader.problem(path, "'ExecutionType' is required in DISTRIBUTED mode, and for that mode only");
  }
  if (reader.options.type === 'EXPRESS' && mode === 'DISTRIBUTED') {
    reader.problem(`${path}/Mode`, 'Express state machine does not support Map states in DISTRIBUTED mode');
  }
  return executionType === undefined ? { mode } : { mode, executionType };
}

function loadItems(reader: DefinitionReader, object: DefinitionObject) {
  const template = reader.template(object, 'Items');
  if (template && (template.kind === 'object' || (template.kind === 'constant' && !Array.isArray(template.value)))) {
    reader.problem(`${object.path}/Items`, "The field 'Items' must be an array or a JSONata expression");
  }
  return template;
}

function loadLabel(reader: DefinitionReader, object: DefinitionObject, stateName: string): string {
  const given = reader.string(object, 'Label', false);
  const path = `${object.path}/Label`;
  if (given !== undefined) {
    if (given.length > 40) reader.problem(path, 'A Label has at most 40 characters');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what a Label must not hold
    const invalid = /[\s?*<>{}[\]:;,\\|^~$#%&`"\u0000-\u001f\u007f-\u009f]/.exec(given);
    if (invalid) reader.problem(path, `Label contains invalid character: '${invalid[0]}'`);
  }
  const label = given ?? stateName.replace(/[^\w-]/g, '-').slice(0, 40);
  if (reader.labels.has(label)) reader.problem(path, `The Label '${label}' is used twice; give each Map state its own`);
  reader.labels.add(label);
  return label;
}

function s3Action(reader: DefinitionReader, object: DefinitionObject, allowed: readonly string[]): string | undefined {
  const resource = reader.string(object, 'Resource', true);
  if (resource === undefined) return undefined;
  const action = S3_RESOURCE.exec(resource)?.[1];
  if (action !== undefined && allowed.includes(action)) return action;
  reader.problem(
    `${object.path}/Resource`,
    `The resource ${resource} is not known here; known are ${allowed.map((name) => `arn:aws:states:::s3:${name}`).join(', ')}`,
  );
  return undefined;
}

function loadItemReader(reader: DefinitionReader, object: DefinitionObject): ItemReader | undefined {
  if (object.value['ItemReader'] === undefined) return undefined;
  const path = `${object.path}/ItemReader`;
  const source = reader.object(object.value['ItemReader'], path, ['Resource', 'Arguments', 'ReaderConfig']);
  if (!source) return undefined;
  const action = s3Action(reader, source, ['getObject', 'listObjectsV2']);
  const config = loadReaderConfig(reader, source, action);
  const args = reader.template(source, 'Arguments', 'ItemReader/');
  if (!args) reader.problem(path, 'These fields are required: [Arguments]');
  if (!args || !config || action === undefined) return undefined;
  return { action: action === 'getObject' ? 'getObject' : 'listObjectsV2', arguments: args, config };
}

function loadReaderConfig(
  reader: DefinitionReader,
  source: DefinitionObject,
  action: string | undefined,
): ReaderConfig | undefined {
  const path = `${source.path}/ReaderConfig`;
  const within = 'ItemReader/ReaderConfig/';
  const config = reader.object(source.value['ReaderConfig'] ?? {}, path, [
    'InputType',
    'Transformation',
    'CSVHeaderLocation',
    'CSVHeaders',
    'CSVDelimiter',
    'MaxItems',
    'ItemsPointer',
    'ManifestType',
  ]);
  if (!config) return undefined;
  const inputType = reader.oneOf<ItemInputType>(config, 'InputType', ['JSON', 'JSONL', 'CSV', 'MANIFEST']);
  const loadAndFlatten = reader.oneOf(config, 'Transformation', ['NONE', 'LOAD_AND_FLATTEN']) === 'LOAD_AND_FLATTEN';
  if (action === 'getObject' && inputType === undefined) reader.problem(path, 'These fields are required: [InputType]');
  if (action === 'getObject' && loadAndFlatten) {
    reader.problem(`${path}/Transformation`, "'LOAD_AND_FLATTEN' is for arn:aws:states:::s3:listObjectsV2 only");
  }
  if (action === 'listObjectsV2' && (inputType !== undefined) !== loadAndFlatten) {
    reader.problem(
      path,
      "'InputType' goes with the 'LOAD_AND_FLATTEN' transformation of listed objects, and only with it",
    );
  }
  const location = reader.oneOf(config, 'CSVHeaderLocation', ['FIRST_ROW', 'GIVEN']);
  if (inputType === 'CSV' && location === undefined) {
    reader.problem(path, "'CSVHeaderLocation' is required for the InputType CSV");
  }
  const headers = reader.list(config, 'CSVHeaders')?.map(String);
  if ((location === 'GIVEN') !== (headers !== undefined)) {
    reader.problem(path, "'CSVHeaders' goes with the CSVHeaderLocation GIVEN, and only with it");
  }
  const delimiter = reader.oneOf(config, 'CSVDelimiter', Object.keys(DELIMITERS) as (keyof typeof DELIMITERS)[]);
  if (inputType !== 'CSV' && (location !== undefined || delimiter !== undefined)) {
    reader.problem(path, "'CSVHeaderLocation' and 'CSVDelimiter' are for the InputType CSV only");
  }
  if (inputType !== 'JSON' && config.value['ItemsPointer'] !== undefined) {
    reader.problem(`${path}/ItemsPointer`, "'ItemsPointer' is for the InputType JSON only");
  }
  if (inputType !== 'MANIFEST' && config.value['ManifestType'] !== undefined) {
    reader.problem(`${path}/ManifestType`, "'ManifestType' is for the InputType MANIFEST only");
  }
  reader.oneOf(config, 'ManifestType', ['S3_INVENTORY']);
  return {
    inputType,
    csvHeaders: headers,
    csvDelimiter: DELIMITERS[delimiter ?? 'COMMA'],
    maxItems: reader.numberTemplate(config, 'MaxItems', 0, 100_000_000, { within }),
    itemsPointer: reader.stringTemplate(config, 'ItemsPointer', within),
    loadAndFlatten,
  };
}

function loadItemBatcher(reader: DefinitionReader, object: DefinitionObject): ItemBatcher | undefined {
  if (object.value['ItemBatcher'] === undefined) return undefined;
  const path = `${object.path}/ItemBatcher`;
  const within = 'ItemBatcher/';
  const batcher = reader.object(object.value['ItemBatcher'], path, [
    'MaxItemsPerBatch',
    'MaxInputBytesPerBatch',
    'BatchInput',
  ]);
  if (!batcher) return undefined;
  const maxItemsPerBatch = reader.numberTemplate(batcher, 'MaxItemsPerBatch', 1, 100_000_000, { within });
  const maxInputBytesPerBatch = reader.numberTemplate(batcher, 'MaxInputBytesPerBatch', 1, MAX_PAYLOAD_BYTES, {
    within,
  });
  if (!maxItemsPerBatch && !maxInputBytesPerBatch) {
    reader.problem(path, "An ItemBatcher needs 'MaxItemsPerBatch', 'MaxInputBytesPerBatch' or both");
  }
  return { maxItemsPerBatch, maxInputBytesPerBatch, batchInput: reader.template(batcher, 'BatchInput', within) };
}

function loadResultWriter(reader: DefinitionReader, object: DefinitionObject): ResultWriter | undefined {
  if (object.value['ResultWriter'] === undefined) return undefined;
  const path = `${object.path}/ResultWriter`;
  const writer = reader.object(object.value['ResultWriter'], path, ['Resource', 'Arguments', 'WriterConfig']);
  if (!writer) return undefined;
  const destination = reader.template(writer, 'Arguments', 'ResultWriter/');
  if (writer.value['Resource'] !== undefined) s3Action(reader, writer, ['putObject']);
  if ((writer.value['Resource'] === undefined) !== (destination === undefined)) {
    reader.problem(path, "'Resource' and 'Arguments' of a ResultWriter go together");
  }
  if (writer.value['WriterConfig'] === undefined) {
    if (!destination) reader.problem(path, "A ResultWriter needs 'Resource' and 'Arguments', a 'WriterConfig', or all");
    return { destination, transformation: 'NONE', outputType: 'JSON' };
  }
  const config = reader.object(writer.value['WriterConfig'], `${path}/WriterConfig`, ['Transformation', 'OutputType']);
  if (!config) return undefined;
  const transformation = reader.oneOf(config, 'Transformation', ['NONE', 'COMPACT', 'FLATTEN']);
  const outputType = reader.oneOf(config, 'OutputType', ['JSON', 'JSONL']);
  if (transformation === undefined || outputType === undefined) {
    reader.problem(config.path, 'These fields are required: [Transformation, OutputType]');
    return undefined;
  }
  return { destination, transformation, outputType };
}
