// Writes what the settings say of themselves, in the comments of the class Settings, into docs/settings.md, .env.example
// and the README's table: npm run docs:settings. With --check it writes nothing and fails where a file is stale.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { format, resolveConfig } from 'prettier';
import ts from 'typescript';

const COMMAND = 'npm run docs:settings';

/** In the README, of each the first sentence. */
const IN_README = [
  'B24_CLIENT_ID',
  'B24_CLIENT_SECRET',
  'B24_EVENTS',
  'PUBLIC_URL',
  'RABBITMQ_URL',
  'DATABASE_URL',
  'DASHBOARD_PASSWORD',
  'TOKEN_ENCRYPTION_KEY',
  'SETTLE_MODE',
  'RETRY_MAX_ATTEMPTS',
];

/** One that the process cannot do without; it stands first. */
const REQUIRED = 'Required';

/** The file that declares the settings. */
function sourceIn(root) {
  const source = readdirSync(join(root, 'src'), { recursive: true })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => posix.join('src', ...name.split(sep)))
    .find((name) => readFileSync(join(root, name), 'utf8').includes('\nexport class Settings {\n'));
  if (source === undefined) throw new Error('No file in src declares the class Settings');
  return source;
}

/**
 * The settings, in the order of the source.
 * @returns {{ name: string, group: string, text: string, value: string, shown: string, takes: string }[]} `value` as
 * `.env` writes the default, `shown` the default for people, `takes` the limits
 */
function readSettings(source, code) {
  const file = ts.createSourceFile(source, code, ts.ScriptTarget.Latest, true);
  const constants = Object.fromEntries(
    file.statements
      .filter(ts.isVariableStatement)
      .flatMap(({ declarationList }) => [...declarationList.declarations])
      .filter(({ initializer }) => initializer !== undefined && ts.isNumericLiteral(initializer))
      .map(({ name, initializer }) => [name.getText(), valueOf(initializer, {})]),
  );
  const settings = file.statements.find((one) => ts.isClassDeclaration(one) && one.name?.text === 'Settings');
  let group = '';
  return settings.members.filter(ts.isPropertyDeclaration).map((member) => {
    for (const { pos, end } of ts.getLeadingCommentRanges(code, member.pos) ?? [])
      group = /^\/\/ --- (.+)$/.exec(code.slice(pos, end))?.[1] ?? group;
    return readSetting(member, group, constants, source);
  });
}

function readSetting(member, group, constants, source) {
  const name = member.name.getText();
  const [doc] = ts.getJSDocCommentsAndTags(member);
  const text = ts.getTextOfJSDocComment(doc?.comment)?.replace(/\s+/g, ' ').trim() ?? '';
  if (text === '' || group === '')
    throw new Error(`${name} in ${source} has no comment, or stands below no "// --- Group"`);
  const tag = ts.getJSDocTags(member).find(({ tagName }) => tagName.text === 'defaultValue');
  const given = tag ?? (member.initializer && valueOf(member.initializer, constants));
  const value = tag !== undefined || given === undefined ? '' : [given].flat().join(',');
  const shown =
    tag !== undefined ? ts.getTextOfJSDocComment(tag.comment) : value === '' ? '–' : `\`${value}\``;
  return {
    name,
    group: member.exclamationToken === undefined ? group : REQUIRED,
    text,
    value,
    shown,
    takes: limitsOf(member, name, constants),
  };
}

/** A literal, or arithmetic with the constants of the file. */
function valueOf(node, constants) {
  try {
    return runInNewContext(node.getText(), { ...constants });
  } catch (error) {
    throw new Error(`${node.getText()} is not a plain value: give the setting a @defaultValue`, {
      cause: error,
    });
  }
}

function limitsOf(member, name, constants) {
  const rules = new Map(
    (ts.getDecorators(member) ?? [])
      .map(({ expression }) => expression)
      .filter(ts.isCallExpression)
      .map((call) => [call.expression.getText(), call.arguments]),
  );
  const of = (rule, index) => valueOf(rules.get(rule)[index], constants);
  const inWords = (number) => (name.endsWith('_MS') ? duration(number) : String(number));
  if (rules.has('WholeNumber')) return `${inWords(of('WholeNumber', 1))} to ${inWords(of('WholeNumber', 2))}`;
  if (rules.has('Min')) return `${inWords(of('Min', 0))} to ${inWords(of('Max', 0))}`;
  if (rules.has('IsIn'))
    return of('IsIn', 0)
      .map((word) => `\`${word}\``)
      .join(', ');
  return rules.has('IsBoolean') ? '`true`, `false`' : '';
}

function duration(ms) {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1000],
    ['ms', 1],
  ];
  const [unit, size] = units.find(([, each]) => ms >= each && ms % each === 0) ?? ['ms', 1];
  return `${ms / size} ${unit}`;
}

/** Pages are named by their paths from the root; `from` is the page that links to them. */
function withLinks(text, from) {
  return text.replace(/(docs\/[\w/-]+\.md)(?:#([\w-]+))?/g, (_, page, anchor) => {
    const title = anchor ?? posix.basename(page, '.md');
    const path = posix.relative(posix.dirname(from), page);
    return `[${title.replaceAll('-', ' ')}](${path}${anchor === undefined ? '' : `#${anchor}`})`;
  });
}

const cell = (text) => text.replaceAll('|', '\\|');
const firstSentence = (text) => /^.*?[.](?= [A-Z]|$)/.exec(text)?.[0] ?? text;

function settingsPage(groups) {
  const page = 'docs/settings.md';
  const sections = groups.map(([group, settings]) => {
    const rows = settings.map(({ name, shown, takes, text }) =>
      [
        `\`${name}\``,
        group === REQUIRED ? 'required' : shown,
        takes === '' ? '–' : takes,
        cell(withLinks(text, page)),
      ].join(' | '),
    );
    return `## ${group}\n\n| setting | default | takes | meaning |\n| --- | --- | --- | --- |\n| ${rows.join(' |\n| ')} |`;
  });
  return sections.join('\n\n');
}

function readmeTable(settings) {
  const rows = IN_README.map((name) => {
    const setting = settings.find((one) => one.name === name);
    if (setting === undefined) throw new Error(`${name} is in the README and is no setting`);
    const shown = setting.group === REQUIRED ? 'required' : setting.shown;
    const first = firstSentence(setting.text).replace(/; see docs\/\S+/, '.');
    return `| \`${name}\` | ${shown} | ${cell(withLinks(first, 'README.md'))} |`;
  });
  return `| setting | default | meaning |\n| --- | --- | --- |\n${rows.join('\n')}`;
}

function envExample(groups) {
  return groups
    .map(([group, settings]) => {
      const title = `# --- ${group} `.padEnd(112, '-');
      const entries = settings.map(({ name, text, value }) => `${comment(text)}\n${name}=${value}`);
      return `${title}\n\n${entries.join('\n')}`;
    })
    .join('\n\n');
}

/** As comment lines of at most 118 characters. */
function comment(text) {
  const lines = ['#'];
  for (const word of text.replaceAll('`', '').split(' ')) {
    if (`${lines.at(-1)} ${word}`.length > 118) lines.push('#');
    lines.push(`${lines.pop()} ${word}`);
  }
  return lines.join('\n');
}

/** Puts the text between the two lines of a file that enclose what is made. */
function between(root, name, text) {
  const old = readFileSync(join(root, name), 'utf8');
  const parts =
    /^([^]*?settings from here on are made by [^\n]*\n)[^]*?(\n[^\n]*settings up to here[^]*)$/.exec(old);
  if (parts === null) throw new Error(`${name} does not have the two lines that enclose its settings`);
  return `${parts[1]}\n${text}\n${parts[2]}`;
}

/**
 * Brings what the files of a checkout say of the settings up to date; with `check` it writes nothing.
 * @param {{ root: string, check: boolean }} where
 * @returns {Promise<string[]>} what was written, or what is stale
 * @throws {Error} when a setting has no comment, or a file no place for them
 */
export async function settingsDocs({ root, check }) {
  const source = sourceIn(root);
  const settings = readSettings(source, readFileSync(join(root, source), 'utf8'));
  const names = [REQUIRED, ...new Set(settings.map(({ group }) => group).filter((one) => one !== REQUIRED))];
  const groups = names.map((group) => [group, settings.filter((one) => one.group === group)]);
  const made = {
    'docs/settings.md': settingsPage(groups),
    'README.md': readmeTable(settings),
    '.env.example': envExample(groups),
  };
  const said = [];
  for (const [name, text] of Object.entries(made)) {
    const path = join(root, name);
    const options = { ...(await resolveConfig(path)), parser: 'markdown' };
    // Alone: the rest of the file is not this command's, and takes longer.
    const formatted = name.endsWith('.md') ? (await format(text, options)).trimEnd() : text;
    const result = between(root, name, formatted);
    if (result === readFileSync(path, 'utf8')) continue;
    if (!check) writeFileSync(path, result);
    said.push(
      check
        ? `${name} does not show the settings as ${source} has them. Run: ${COMMAND}`
        : `${name}: written`,
    );
  }
  return said;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const check = process.argv.includes('--check');
  const said = await settingsDocs({ root: join(import.meta.dirname, '..'), check });
  for (const line of said) console.error(line);
  if (check && said.length > 0) process.exitCode = 1;
}
