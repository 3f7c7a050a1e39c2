import type { Language } from './terms.ts';
import type { Topic } from './topics.ts';
import type { Trait } from './trait.ts';
import { traitFamilies } from './trait-phrases.ts';

/** What a name is made of, for one segment. */
export interface NamingInput {
  readonly segmentId: string;
  /** The name of a segment that the last run had already: it stays. */
  readonly keptName?: string;
  /** False where no file says anything of its customers: then it is called after its id. */
  readonly isKnown: boolean;
  /** Whether most of its customers have bought something; else they are not called buyers. */
  readonly buys: boolean;
  /** Strongest first. */
  readonly traits: readonly Trait[];
  /** Best first. */
  readonly topics: readonly Topic[];
}

const nouns = { en: { buyers: 'buyers', others: 'customers' }, zh: { buyers: '买家', others: '客户' } } as const;
const maxCharacters = 42;
const maxWords = 6;
const maxNamedTraits = 6;
/** Salience from which a trait is worth a place in a name, and from which it is worth the second. */
const firstSalience = 0.4;
const secondSalience = 0.6;
/**
 * A short name for each segment, in its language, no two alike: up to two traits of different families and the topic that its customers choose more than
 * others do. Where a name is taken, the next distinguishing trait or topic joins in, never a number. The same input gives the same names; kept names
 * are given first, the others in the order of the input.
 */
export function nameSegments(segments: readonly NamingInput[], language: Language): string[] {
  const names = segments.map(({ keptName, segmentId, isKnown }) =>
    isKnown && keptName === idName(segmentId, language) ? undefined : keptName,
  );
  const taken = new Set(names.filter((name) => name !== undefined));
  return segments.map((segment, index) => {
    const kept = names[index];
    if (kept !== undefined) return kept;
    if (!segment.isKnown) return idName(segment.segmentId, language);
    const candidates = nameCandidates(segment, language);
    const name =
      candidates.find((candidate) => !taken.has(candidate) && isShort(candidate, language)) ??
      candidates.find((candidate) => !taken.has(candidate)) ??
      `${candidates[0]} (${segment.segmentId})`;
    taken.add(name);
    return name;
  });
}

/** The name of a segment of which nothing is known; it gives way once something is. */
function idName(segmentId: string, language: Language): string {
  return language === 'zh' ? `${segmentId} 客户` : `Customers of ${segmentId}`;
}

/** All names that would suit a segment, best first. */
function nameCandidates({ buys, traits, topics }: NamingInput, language: Language): string[] {
  const named = nameableTraits(traits);
  const strong = named.filter(({ salience }) => salience >= firstSalience);
  const [first, second] = strong;
  const lead: Trait[] = first === undefined ? [] : [first];
  const isSecond = second !== undefined && second.salience >= secondSalience;
  const usual = isSecond ? [...lead, second] : lead;
  const noun = nouns[language][buys ? 'buyers' : 'others'];
  const called = (chosen: readonly Trait[], topic: Topic | undefined) => nameOf(chosen, topic, noun, language);
  const candidates: string[] = [];
  for (const topic of [...topics, undefined]) {
    candidates.push(called(usual, topic), called(lead, topic));
    for (const extra of named) candidates.push(called([...new Set([...lead, extra])], topic));
    for (const extra of named) candidates.push(called([...new Set([...usual, extra])], topic));
  }
  return candidates;
}

/** The most telling trait of each family that has an adjective, most telling first. */
function nameableTraits(traits: readonly Trait[]): Trait[] {
  const families = new Set<string>();
  const adjectives = new Set<string>();
  return traits
    .toSorted((a, b) => b.salience - a.salience)
    .filter(({ adjective, family }) => {
      if (adjective === undefined || families.has(family) || adjectives.has(adjective)) return false;
      families.add(family);
      adjectives.add(adjective);
      return true;
    })
    .slice(0, maxNamedTraits);
}

function nameOf(traits: readonly Trait[], topic: Topic | undefined, noun: string, language: Language): string {
  const order = ({ family }: Trait): number => traitFamilies.indexOf(family);
  const adjectives = traits.toSorted((a, b) => order(a) - order(b)).map(({ adjective }) => adjective!);
  if (language === 'zh') {
    return `${adjectives.length === 0 && topic === undefined ? '普通' : adjectives.join('')}${topic?.label ?? ''}${noun}`;
  }
  const lowered = adjectives.map((adjective) => adjective.toLowerCase());
  if (topic?.isCategory) lowered.push(`${noun} of ${topic.label}`);
  else if (topic !== undefined) lowered.push(`${titleCase(topic.label)} ${noun}`);
  else lowered.push(lowered.length === 0 ? `everyday ${noun}` : noun);
  const name = lowered.join(' ');
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** The words of data stand out as such: `t-light holder` -> `T-Light Holder`. */
function titleCase(text: string): string {
  return text.replace(/(?<![\p{L}'’])\p{L}/gu, (letter) => letter.toUpperCase());
}

function isShort(name: string, language: Language): boolean {
  return language === 'zh'
    ? name.length <= maxCharacters / 2
    : name.length <= maxCharacters && name.split(' ').length <= maxWords;
}
