/** `open-run` -> `${OpenRunFunctionArn}`: the substitution that stands for a function in a state machine's definition. */
export function functionArnPlaceholder(functionName: string): string {
  return `\${${functionArnSubstitution(functionName)}}`;
}

/** `open-run` -> `OpenRunFunctionArn`. */
export function functionArnSubstitution(functionName: string): string {
  const pascalCase = functionName
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
  return `${pascalCase}FunctionArn`;
}
