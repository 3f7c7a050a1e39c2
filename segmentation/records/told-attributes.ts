import { yesOrNo } from './attribute-columns.ts';
import { isMissing } from './identifiers.ts';
import { parseBand, parseNumber } from './number-parsing.ts';
import { categoryOf, genderOf } from './profile-columns.ts';
import type { CustomerRecord } from './tables.ts';

/** How a run knows an attribute: by numbers, or by categories. */
export type AttributeKind = 'number' | 'category';

export interface ToldAttributes {
  readonly attributes: CustomerRecord['attributes'];
  /** Names of attributes that the run does not know, or whose value is not of the kind that it knows. */
  readonly ignored: readonly string[];
}

/**
 * Attributes of a customer as a caller of the API tells them, as the values that a run's customers have: of an attribute known by numbers
 * a number, yes or no, a gender, or the middle of a band ("$30K - $50K"); of one known by categories the category.
 */
export function readToldAttributes(
  told: Readonly<Record<string, string | number>>,
  kindOf: (attribute: string) => AttributeKind | undefined,
): ToldAttributes {
  const attributes: Record<string, string | number> = {};
  const ignored: string[] = [];
  for (const [attribute, given] of Object.entries(told)) {
    const kind = kindOf(attribute);
    const value = kind && (kind === 'number' ? numberOf(attribute, given) : categoryOf(String(given)));
    if (value === undefined) ignored.push(attribute);
    else attributes[attribute] = value;
  }
  return { attributes, ignored };
}

function numberOf(attribute: string, given: string | number): number | undefined {
  if (typeof given === 'number') return given;
  if (isMissing(given)) return undefined;
  const word = attribute === 'gender' ? genderOf(given) : yesOrNo(given);
  if (word !== undefined) return word;
  const value = parseNumber(given);
  const read = Number.isNaN(value) ? parseBand(given) : value;
  return Number.isNaN(read) ? undefined : read;
}
