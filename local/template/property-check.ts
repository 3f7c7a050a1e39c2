import type { Json } from './intrinsics.ts';
import type { ResourceType } from './resource-types.ts';

/** The paths in `properties` that are in neither list of the type, such as `Targets[].EcsParameters.TaskCount`. */
export function unknownProperties(properties: Json, { understood = [], inert = [] }: ResourceType): string[] {
  const known = new Set([...understood, ...inert]);
  const unknown = new Set<string>();
  const visit = (value: Json, path: string): void => {
    if (known.has(path)) return;
    const children: [string, Json][] = Array.isArray(value)
      ? value.map((element) => [`${path}[]`, element])
      : typeof value === 'object' && value !== null
        ? Object.entries(value).map(([name, inner]) => [path === '' ? name : `${path}.${name}`, inner])
        : [];
    if (children.length === 0 && path !== '') unknown.add(path);
    for (const [childPath, child] of children) visit(child, childPath);
  };
  visit(properties, '');
  return [...unknown].sort();
}
