/*
 * The script of the report (lib/use/page.html). It reads the data in the page and shows it; it asks
 * nobody anything. Text of the policy is put in as text (textContent), never as markup.
 */
(() => {
'use strict';

const data = JSON.parse(document.getElementById('data').textContent);
const { flows, ends, targets, zones } = data;
const byId = (id) => document.getElementById(id);
const ROW = 30; // the height of a row in pixels, as page.css has it
const PRINTED_MOST = 3000; // rows that are printed; report.csv has them all
const NODES_MOST = 36; // nodes of the map that are told apart
const MEMBERS_MOST = 30; // of a group that is opened
const LISTED = 100; // items of a list that are there before one asks for more

// ---- small things -----------------------------------------------------------------------------

// What would control the text around it is shown as its number.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
const clean = (text) => String(text).replace(HIDDEN, (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
const count = (n, word) => `${n.toLocaleString('en')} ${word}${n === 1 ? '' : 's'}`;
const shorten = (text, most) => (text.length > most ? text.slice(0, most - 1) + '\u2026' : text);
const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

// An element: classes behind dots in its name, attributes, and children that are elements or text.
function make(what, attributes, ...children) {
  const [tag, ...classes] = what.split('.');
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(' ');
  fill(element, attributes, children);
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';
function draw(what, attributes, ...children) {
  const [tag, ...classes] = what.split('.');
  const element = document.createElementNS(SVG, tag);
  if (classes.length) element.setAttribute('class', classes.join(' '));
  fill(element, attributes, children);
  return element;
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : clean(value));
  }
  for (const child of children.flat())
    if (child !== null && child !== undefined) element.append(child instanceof Node ? child : clean(child));
}

const code = (text) => make('code', {}, text);
const badge = (word, kind) => make(`span.badge.${kind || word}`, {}, word);
const place = (file, line) => (file ? `${file}:${line}` : '');

// A list of which a part is there at first, and the rest when one asks for it.
function longList(items, show, holder) {
  const list = holder || make('ul.plain');
  let shown = 0;
  const more = make('button', { type: 'button', click: () => add(shown + 10 * LISTED) });
  function add(most) {
    for (; shown < Math.min(items.length, most); shown++) list.append(show(items[shown]));
    more.hidden = shown >= items.length;
    more.textContent = `Show more (${(items.length - shown).toLocaleString('en')} left)`;
  }
  add(LISTED);
  const whole = make('div', {}, list.tagName === 'TBODY' ? list.parentNode : list, more);
  whole.showAll = () => add(Infinity);
  lists.push(whole);
  return whole;
}
const lists = [];

function table(heads, items, cells, caption) {
  const body = make('tbody');
  const whole = make('table', {}, make('caption.muted', { hidden: !caption }, caption || ''),
    make('thead', {}, make('tr', {}, heads.map((head) => make('th', { scope: 'col' }, head)))), body);
  return make('div.scroll', { tabindex: '0', role: 'group', 'aria-label': heads.join(', ') }, longList(items, (item) => make('tr', {}, cells(item)), body));
}
const cell = (...content) => make('td', {}, ...content);
const numeral = (number) => make('td.number', {}, number === null ? '-' : number.toLocaleString('en'));

// ---- what the flows say -----------------------------------------------------------------------

const FIDELITIES = {
  exact: ['E', 'exactly this flow'], native: ['N', 'exact; the target resolves the name or group itself'],
  pinned: ['P', 'exact for the addresses in the lock file'], narrowed: ['\u2212', 'less than the flow, as the policy accepts'],
  widened: ['+', 'more than the flow, as the policy accepts'], refused: ['\u2715', 'the target cannot express it'],
  unresolved: ['?', 'a name has no address in the lock file'], expired: ['\u2026', 'its last day has passed'],
  'out-of-scope': ['\u00b7', 'not for this target'],
};
const BAD = ['refused', 'unresolved'], LOSSY = ['narrowed', 'widened'];

const endNames = (list) => list.map((i) => ends[i].name).join(', ');
flows.forEach((flow, i) => {
  flow.number = i;
  flow.from = endNames(flow.source);
  flow.to = endNames(flow.destination);
  flow.words = new Set(flow.verdicts.map((v) => v.fidelity));
});
const hay = flows.map((flow) => [flow.name, flow.purpose, flow.owner, flow.ticket, flow.from, flow.to, flow.service,
  flow.action, flow.expires, flow.file, ...flow.tags, ...flow.words].filter(Boolean).join('\n').toLowerCase());
const flowNamed = new Map(flows.map((flow) => [flow.name, flow]));
const isLive = (flow) => !flow.expired;
const isOutside = (flow) => isLive(flow) && flow.action === 'allow' && flow.outside;
const has = (flow, words) => words.some((word) => flow.words.has(word));
const isSoon = (flow) => flow.days !== null && flow.days <= 30;

const SHOWS = [
  ['all', 'all flows', () => true],
  ['allow', 'allowed', (f) => f.action === 'allow' && isLive(f)],
  ['deny', 'denied', (f) => f.action === 'deny' && isLive(f)],
  ['internet', 'from the Internet', isOutside],
  ['bad', 'refused or unresolved', (f) => has(f, BAD)],
  ['lossy', 'widened or narrowed', (f) => has(f, LOSSY)],
  ['pinned', 'pinned addresses', (f) => has(f, ['pinned'])],
  ['soon', 'expired, or in 30 days', isSoon],
  ['nobody', 'without an owner', (f) => !f.owner],
];

// ---- filters ----------------------------------------------------------------------------------

const filter = { text: '', show: 'all', tag: '', owner: '', target: '', pair: null };
let visible = flows;
let sorted = { key: 'number', turn: 1 };

function matches(flow, test) {
  const target = filter.target === '' ? -1 : Number(filter.target);
  return test(flow) && (!filter.tag || flow.tags.includes(filter.tag)) && (!filter.owner || flow.owner === filter.owner) &&
    (target < 0 || flow.verdicts[target].fidelity !== 'out-of-scope') && (!filter.pair || filter.pair.flows.has(flow.number)) &&
    filter.text.toLowerCase().split(/\s+/).every((word) => hay[flow.number].includes(word));
}

function update(keepMap) {
  const test = SHOWS.find((s) => s[0] === filter.show)[2];
  visible = flows.filter((flow) => matches(flow, test));
  if (sorted.key !== 'number' || sorted.turn < 0)
    visible.sort((a, b) => sorted.turn * (compare(a[sorted.key] ?? '\uffff', b[sorted.key] ?? '\uffff') || a.number - b.number));
  byId('shown').textContent = `${visible.length.toLocaleString('en')} of ${count(flows.length, 'flow')}` + (filter.pair ? `: ${clean(filter.pair.label)}` : '');
  showFlows();
  if (!keepMap) showMap();
}

function setFilter(changes, where) {
  Object.assign(filter, { pair: null }, changes);
  for (const name of ['show', 'tag', 'owner', 'target']) byId(name).value = filter[name];
  byId('search').value = filter.text;
  update(Boolean(changes.pair));
  if (where) byId(where).scrollIntoView({ block: 'start' });
}

function options(id, first, list) {
  byId(id).append(...[['', first], ...list].map(([value, text]) => make('option', { value }, shorten(clean(text), 60))));
}

function startFilters() {
  const tally = (of) => {
    const known = new Map();
    for (const flow of flows) for (const word of of(flow)) known.set(word, (known.get(word) || 0) + 1);
    return [...known].sort((a, b) => compare(a[0], b[0])).map(([word, n]) => [word, `${word} (${n})`]);
  };
  byId('show').append(...SHOWS.map(([value, text, test]) => make('option', { value }, `${text} (${flows.filter(test).length})`)));
  options('tag', 'all tags', tally((flow) => new Set(flow.tags)));
  options('owner', 'all owners', tally((flow) => (flow.owner ? [flow.owner] : [])));
  options('target', 'all targets', targets.map((target, i) => [String(i), target.name]));
  for (const name of ['show', 'tag', 'owner', 'target']) byId(name).addEventListener('change', () => setFilter({ [name]: byId(name).value }));
  let waiting = 0;
  byId('search').addEventListener('input', () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => setFilter({ text: byId('search').value.trim() }), flows.length > 1000 ? 120 : 0);
  });
  byId('filters').addEventListener('submit', (event) => event.preventDefault());
  byId('clear').addEventListener('click', clearAll);
}
const clearAll = () => setFilter({ text: '', show: 'all', tag: '', owner: '', target: '' });

// ---- in short ---------------------------------------------------------------------------------

function tile(name, number, more, kind, click) {
  return make(`button.tile${kind ? '.' + kind : ''}`, { type: 'button', click }, make('span.name', {}, name), make('b', {}, number), make('span.more', {}, more));
}
const goTo = (id) => () => byId(id).scrollIntoView({ block: 'start' });

function showSums() {
  const of = (test) => flows.filter(test).length;
  const live = flows.filter(isLive), outside = live.filter(isOutside);
  const open = data.findings.filter((f) => f.reason === null);
  const said = (word) => open.filter((f) => f.severity === word).length;
  const verdict = (word) => data.assertions.filter((a) => a.verdict === word).length;
  const broken = verdict('broken'), unknown = verdict('unknown');
  const lost = targets.filter((t) => !t.rendered).length;
  const bad = of((f) => has(f, BAD)), lossy = of((f) => has(f, LOSSY));
  const oldest = Math.max(-1, ...data.pins.map((pin) => pin.days ?? -1));
  const soon = of((f) => isSoon(f) && isLive(f)), gone = of((f) => f.expired);
  const denies = of((f) => f.action === 'deny' && isLive(f));
  byId('sums').append(
    tile('Flows', flows.length.toLocaleString('en'), `${(live.length - denies).toLocaleString('en')} allow, ${denies} deny, ${gone} expired. What no flow allows is denied.`, '', clearAll),
    tile('From the Internet', outside.length, outside.length ? shorten(outside.map((f) => f.name).join(', '), 70) : 'No flow lets the Internet in.', outside.length ? 'outside' : 'good', () => setFilter({ show: 'internet' }, 'flows')),
    tile('Assertions', data.assertions.length ? (broken || unknown ? broken + unknown : verdict('holds')) : '\u2013', data.assertions.length ? (broken ? `${broken} broken, ${unknown} unknown, ${verdict('holds')} hold` : unknown ? `${unknown} unknown, ${verdict('holds')} hold` : 'All hold.') : 'The policy asserts nothing.', broken ? 'bad' : unknown ? 'warn' : data.assertions.length ? 'good' : '', goTo('zones')),
    tile('Findings', said('error') + said('warning'), `${count(said('error'), 'error')}, ${count(said('warning'), 'warning')}, ${count(said('note'), 'note')}, ${data.findings.length - open.length} accepted`, said('error') ? 'bad' : said('warning') ? 'warn' : 'good', goTo('findings')),
    tile('Targets', targets.length, targets.length === 0 ? 'The policy has no targets.' : lost ? `${lost} cannot be rendered` : 'All can be rendered.', lost ? 'bad' : targets.length ? 'good' : '', goTo('targets')),
    tile('Not exact', bad + lossy, bad || lossy ? `${bad} refused or unresolved, ${lossy} widened or narrowed` : 'No flow is refused, widened or narrowed.', bad ? 'bad' : lossy ? 'warn' : 'good', () => setFilter({ show: bad ? 'bad' : 'lossy' }, 'flows')),
    tile('Expiries', soon, soon ? `in 30 days; ${gone} expired` : `none in 30 days; ${gone} expired`, soon ? 'warn' : '', goTo('expiries')),
    tile('Pinned names', data.pins.length, data.pins.length ? (oldest >= 0 ? `the oldest was seen ${count(oldest, 'day')} ago` : 'no dates') + (data['example-lock'] ? '; example addresses' : '') : 'No name is pinned.', data['example-lock'] || oldest > 90 ? 'warn' : '', goTo('pins')));
}

// ---- the map: groups ----------------------------------------------------------------------------

const opened = new Set();
const GROUPINGS = [['zones', 'zones'], ['name', 'groups by name'], ['tag', 'groups by tag'], ['none', 'single ends']];
const prefixes = {
  any: () => 'any', network: (name) => name.split(/[-_.:/ ]|\d/)[0] || name, name: (name) => '*.' + name.split('.').slice(-2).join('.'),
  wildcard: (name) => '*.' + name.split('.').slice(-2).join('.'),
  address: (name) => (name.includes(':') ? name.split(':').slice(0, 2).join(':') + ':\u2026' : name.split('.').slice(0, 2).join('.') + '.\u2026'),
};
const used = [...new Set(flows.flatMap((flow) => [...flow.source, ...flow.destination]))];
const tagOf = new Map();
function fillTags() {
  const tallies = new Map();
  for (const flow of flows) for (const end of [...flow.source, ...flow.destination]) {
    if (!tallies.has(end)) tallies.set(end, new Map());
    const tally = tallies.get(end);
    for (const tag of flow.tags.length ? flow.tags : ['without a tag']) tally.set(tag, (tally.get(tag) || 0) + 1);
  }
  for (const [end, tally] of tallies) tagOf.set(end, [...tally].sort((a, b) => b[1] - a[1] || compare(a[0], b[0]))[0][0]);
}

const firstGrouping = () => (zones.length ? 'zones' : used.length <= 20 ? 'none' : 'name');
let grouping = firstGrouping();

// Ends in no known zone are single while they are few.
const SINGLES_MOST = 14;
const homeless = used.filter((i) => !ends[i].zones.length).length;

// The groups that an end is in: with zones, perhaps several.
function groupsOf(i) {
  const end = ends[i];
  if (end.kind === 'any') return ['any'];
  if (grouping === 'none') return ['e' + i];
  if (grouping === 'tag') return ['t' + tagOf.get(i)];
  if (grouping === 'name') return [(end.outside ? 'o' : 'p') + (end.within === null ? prefixes[end.kind](end.name) : prefixes.network(ends[end.within].name))];
  const list = end.zones.map((zone) => 'z' + zone);
  return list.length ? list : homeless <= SINGLES_MOST ? ['e' + i] : ['unknown'];
}

function groupTable() {
  const groups = new Map();
  for (const i of used) for (const key of groupsOf(i)) {
    if (!groups.has(key)) groups.set(key, { key, members: [], outside: false });
    groups.get(key).members.push(i);
  }
  for (const group of groups.values()) {
    const [first] = group.members, kind = group.key[0];
    group.outside = kind === 'z' ? zones[group.key.slice(1)].rest : group.members.every((i) => ends[i].outside);
    group.label = group.key === 'any' ? 'any' : group.key === 'unknown' ? 'zone not known'
      : kind === 'z' ? zones[group.key.slice(1)].name : kind === 'e' || group.members.length === 1 ? ends[first].name : group.key.slice(1);
    group.single = kind === 'e' || group.key === 'any' || (kind !== 'z' && group.members.length === 1);
  }
  return groups;
}

// Of very many groups the largest are told apart.
function limitGroups(groups, weight) {
  if (groups.size <= NODES_MOST) return new Map([...groups.keys()].map((key) => [key, key]));
  const order = [...groups.keys()].sort((a, b) => Number(groups.get(b).outside) - Number(groups.get(a).outside) || (weight.get(b) || 0) - (weight.get(a) || 0) || compare(a, b));
  const kept = new Set(order.slice(0, NODES_MOST - 1)), rest = { key: 'rest', members: [], outside: false, label: 'all others', single: false };
  for (const key of order) if (!kept.has(key)) rest.members.push(...groups.get(key).members);
  groups.set('rest', rest);
  return new Map(order.map((key) => [key, kept.has(key) ? key : 'rest']));
}

// ---- the map: nodes and wires -------------------------------------------------------------------

// The node that an end is drawn as, in the role of a source or destination: that of the Internet is
// drawn twice, since it is on both sides. Where all are, sources are on the left, destinations on the right.
function nodeKey(group, end, side, sided) {
  const own = opened.has(group.key) && !group.single ? `${group.key}/${end}` : group.key;
  return own + (sided || group.outside ? (side ? '>' : '<') : '');
}

function gather(list, sided) {
  const groups = groupTable(), weight = new Map();
  const known = new Map(used.map((i) => [i, groupsOf(i)]));
  for (const flow of list) for (const end of [...flow.source, ...flow.destination]) for (const key of known.get(end)) weight.set(key, (weight.get(key) || 0) + 1);
  const kept = limitGroups(groups, weight), nodes = new Map(), wires = new Map();
  const node = (group, end, side) => {
    const key = nodeKey(group, end, side, sided);
    if (!nodes.has(key)) nodes.set(key, { key, group, side: sided || group.outside ? side : -1, end: key.includes('/') ? end : group.single ? group.members[0] : -1, flows: new Set(), inside: 0, parts: new Set() });
    nodes.get(key).parts.add(end);
    return nodes.get(key);
  };
  for (const flow of list) {
    const sides = [flow.source, flow.destination].map((side, s) => [...new Set(side.flatMap((end) => known.get(end).map((key) => node(groups.get(kept.get(key)), end, s))))]);
    for (const from of sides[0]) for (const to of sides[1]) connect(wires, from, to, flow);
  }
  return { groups, nodes, wires };
}

function connect(wires, from, to, flow) {
  from.flows.add(flow.number);
  to.flows.add(flow.number);
  if (from === to) { from.inside++; return; }
  const deny = flow.action === 'deny', key = `${from.key} ${to.key} ${deny}`;
  if (!wires.has(key)) wires.set(key, { from, to, deny, flows: new Set(), services: new Map(), outside: !deny && from.group.outside });
  const wire = wires.get(key), service = flow.service.split(' (')[0];
  wire.flows.add(flow.number);
  wire.services.set(service, (wire.services.get(service) || 0) + 1);
}

// ---- the map: layers ----------------------------------------------------------------------------

// Each group gets a layer: sources of the Internet the first, its destinations the last, the others
// as far behind their sources as the longest way to them, circles left out.
function layers(blocks, wires) {
  const next = new Map([...blocks.keys()].map((key) => [key, new Set()]));
  for (const wire of wires.values()) {
    const from = blockKey(wire.from), to = blockKey(wire.to);
    if (from !== to && wire.from.side < 0 && wire.to.side < 0) next.get(from).add(to);
  }
  const state = new Map(), depth = new Map(), order = [];
  const into = new Map([...blocks.keys()].map((key) => [key, 0]));
  for (const list of next.values()) for (const to of list) into.set(to, into.get(to) + 1);
  const starts = [...blocks.keys()].sort((a, b) => into.get(a) - into.get(b) || next.get(b).size - next.get(a).size || compare(a, b));
  function visit(key) {
    state.set(key, 1);
    for (const to of [...next.get(key)].sort(compare)) {
      if (state.get(to) === 1) next.get(key).delete(to); // it would be a circle
      else if (!state.has(to)) visit(to);
    }
    state.set(key, 2);
    order.unshift(key);
  }
  for (const key of starts) if (!state.has(key)) visit(key);
  for (const key of order) {
    depth.set(key, depth.get(key) || 0);
    for (const to of next.get(key)) depth.set(to, Math.max(depth.get(to) || 0, depth.get(key) + 1));
  }
  return depth;
}

const blockKey = (node) => (node.key.includes('/') ? node.key.split('/')[0] + (node.side < 0 ? '' : node.side ? '>' : '<') : node.key);

function blocksOf(nodes) {
  const blocks = new Map();
  for (const node of nodes.values()) {
    const key = blockKey(node);
    if (!blocks.has(key)) blocks.set(key, { key, group: node.group, side: node.side, nodes: [], open: node.key.includes('/') });
    blocks.get(key).nodes.push(node);
  }
  return blocks;
}

// Members of an open group beyond a number are one node.
function limitMembers(nodes, wires) {
  const gone = new Map();
  for (const block of blocksOf(nodes).values()) {
    if (!block.open || block.nodes.length <= MEMBERS_MOST) continue;
    block.nodes.sort((a, b) => b.flows.size - a.flows.size || compare(a.key, b.key));
    const rest = { ...block.nodes[MEMBERS_MOST - 1], key: block.nodes[MEMBERS_MOST - 1].key + '+', end: -1, flows: new Set(), parts: new Set(), more: block.nodes.length - MEMBERS_MOST + 1 };
    for (const node of block.nodes.slice(MEMBERS_MOST - 1)) {
      gone.set(node.key, rest);
      node.flows.forEach((flow) => rest.flows.add(flow));
      node.parts.forEach((end) => rest.parts.add(end));
      nodes.delete(node.key);
    }
    nodes.set(rest.key, rest);
  }
  if (!gone.size) return wires;
  const merged = new Map();
  for (const wire of wires.values()) {
    const from = gone.get(wire.from.key) || wire.from, to = gone.get(wire.to.key) || wire.to;
    if (from === to) continue;
    for (const flow of wire.flows) connect(merged, from, to, flows[flow]);
  }
  return merged;
}

// Does something come to a block, be it from the Internet?
const entered = (block, wires) => [...wires.values()].some((wire) => blockKey(wire.to) === block.key && blockKey(wire.from) !== block.key);

// A wire within a column would be hard to follow: what the Internet leads to is behind it.
function spread(blocks, wires) {
  for (let more = true, round = 0; more && round < blocks.size; round++) {
    more = false;
    for (const wire of wires.values()) {
      const from = blocks.get(blockKey(wire.from)), to = blocks.get(blockKey(wire.to));
      if (from.side !== 0 && to.side !== 1) continue;
      if (to.layer > from.layer) continue;
      to.layer = from.layer + 1;
      more = true;
    }
  }
}

// Where a wire passes a column, it has a place of its own there, so that it crosses no node.
function passages(blocks, columns, wires) {
  const ways = new Map();
  for (const wire of wires.values()) {
    const from = blocks.get(blockKey(wire.from)), to = blocks.get(blockKey(wire.to)), key = `${from.key} ${to.key}`;
    if (to.x - from.x < 2 || ways.has(key)) continue;
    const way = [];
    for (let x = from.x + 1; x < to.x; x++) {
      const stop = { key: `${key} ${x}`, x, nodes: [], passage: true, group: { label: from.group.label + to.group.label }, near: [way.length ? way[way.length - 1].key : from.key] };
      if (way.length) way[way.length - 1].near.push(stop.key);
      way.push(stop);
      columns[x].push(stop);
      blocks.set(stop.key, stop);
    }
    way[way.length - 1].near.push(to.key);
    ways.set(key, way);
  }
  return ways;
}

const SCALE_LEAST = 0.75; // of the map, so that its words can be read
const BOX = { width: 184, height: 40, gap: 11, lane: 190, frame: 26 };

// lane: the space between two columns.
function arrange(nodes, wires, lane) {
  const blocks = blocksOf(nodes), depth = layers(blocks, wires);
  const own = [...blocks.values()].filter((b) => b.side < 0);
  const begun = own.some((b) => depth.get(b.key) === 0 && entered(b, wires)) ? 1 : 0; // beside the Internet, or behind it
  const last = Math.max(1, ...own.map((b) => depth.get(b.key) + begun));
  for (const block of blocks.values()) block.layer = block.side === 0 ? 0 : block.side === 1 ? last : depth.get(block.key) + (entered(block, wires) ? begun : 0);
  const leading = new Set([...wires.values()].filter((wire) => blockKey(wire.from) !== blockKey(wire.to)).map((wire) => blockKey(wire.from)));
  for (const block of own) if (!leading.has(block.key) && entered(block, wires)) block.layer = last;
  spread(blocks, wires);
  const present = [...new Set([...blocks.values()].map((b) => b.layer))].sort((a, b) => a - b);
  const columns = present.map((layer) => [...blocks.values()].filter((b) => b.layer === layer));
  columns.forEach((column, x) => column.forEach((block) => { block.x = x; }));
  const ways = passages(blocks, columns, wires);
  const near = new Map([...blocks.values()].map((block) => [block.key, block.near || []]));
  for (const wire of wires.values()) {
    const from = blockKey(wire.from), to = blockKey(wire.to), way = ways.get(`${from} ${to}`);
    near.get(from).push(way ? way[0].key : to);
    near.get(to).push(way ? way[way.length - 1].key : from);
  }
  const height = (block) => block.passage ? 16 : block.nodes.length * (BOX.height + BOX.gap) + (block.open ? BOX.frame + BOX.gap : 0);
  const put = (column) => {
    let y = -column.reduce((sum, block) => sum + height(block), 0) / 2;
    for (const block of column) { block.y = y; block.middle = y + height(block) / 2; y += height(block); }
  };
  columns.forEach((column) => { column.sort((a, b) => compare(a.group.label, b.group.label)); put(column); });
  for (let round = 0; round < 6; round++) for (const column of round % 2 ? [...columns].reverse() : columns) {
    for (const block of column) {
      const others = near.get(block.key).filter((key) => blocks.get(key).x !== block.x);
      block.pull = others.length ? others.reduce((sum, key) => sum + blocks.get(key).middle, 0) / others.length : block.middle;
    }
    column.sort((a, b) => a.pull - b.pull || compare(a.key, b.key));
    put(column);
  }
  const tallest = Math.max(BOX.height, ...columns.map((column) => column.reduce((sum, block) => sum + height(block), 0)));
  for (const block of blocks.values()) {
    block.nodes.sort((a, b) => (a.more || 0) - (b.more || 0) || compare(nodeLabel(a), nodeLabel(b)));
    block.nodes.forEach((node, i) => {
      node.x = 24 + block.x * (BOX.width + lane);
      node.y = 34 + tallest / 2 + block.y + (block.open ? BOX.frame : 0) + i * (BOX.height + BOX.gap);
    });
  }
  for (const wire of wires.values()) {
    const way = ways.get(`${blockKey(wire.from)} ${blockKey(wire.to)}`) || [];
    wire.way = way.map((stop) => ({ x: 24 + stop.x * (BOX.width + lane), y: 34 + tallest / 2 + stop.y + 8 }));
  }
  return { blocks, width: 48 + columns.length * BOX.width + (columns.length - 1) * lane + 40, height: tallest + 60 };
}

// ---- the map: drawing ---------------------------------------------------------------------------

const nodeLabel = (node) => (node.more ? `${node.more} more` : node.end >= 0 ? ends[node.end].name : node.group.label);

function nodeNote(node) {
  const end = node.end >= 0 ? ends[node.end] : null;
  const inside = node.inside ? `, ${node.inside} inside` : '';
  const what = end ? (end.kind === 'any' ? 'every address' : end.kind === 'network' ? end.members.slice(0, 2).join(', ') || end.bindings[0] || 'network' : end.kind) : count(node.parts.size, 'end');
  return `${what} \u00b7 ${count(node.flows.size, 'flow')}${inside}`;
}

function drawNode(node, select) {
  const opens = node.end < 0 && !node.more, x = node.x, y = node.y;
  const label = clean(nodeLabel(node)), note = clean(nodeNote(node));
  const act = () => { if (opens) { opened.add(node.group.key); showMap(node.key); } else select(node.flows, nodeLabel(node), node.key); };
  return draw(`g.node${node.group.outside ? '.outside' : ''}${opens ? '.group' : ''}`, {
    tabindex: '0', role: 'button', 'data-key': node.key, 'aria-label': `${opens ? 'open ' : ''}${label}: ${note}`, click: act,
    keydown: (event) => { if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); act(); } },
    mouseenter: () => light(node.key), mouseleave: () => light(null), focus: () => light(node.key), blur: () => light(null),
  }, draw('title', {}, `${label}\n${note}${opens ? '\nopen it' : ''}`), draw('rect', { x, y, width: BOX.width, height: BOX.height, rx: 7 }),
  draw('text', { x: x + 10, y: y + 18 }, shorten((opens ? '+ ' : '') + label, 25)), draw('text.sub', { x: x + 10, y: y + 34 }, shorten(note, 25)));
}

// The curve of a wire, and the part of it that its label stands on: near the end with fewer wires.
function wirePath(wire, number, total, arriving) {
  const step = (n) => Math.min(7, (BOX.height - 10) / Math.max(1, n));
  const a = { x: wire.from.x + BOX.width, y: wire.from.y + BOX.height / 2 + (number - (total - 1) / 2) * step(total) };
  const b = { x: wire.to.x, y: wire.to.y + BOX.height / 2 + (wire.slot - (arriving - 1) / 2) * step(arriving) };
  const aside = wire.deny ? 5 : -2; // a deny does not lie upon what is allowed
  if (wire.to.x > wire.from.x) {
    const points = [a, ...wire.way.flatMap(({ x, y }) => [{ x, y: y + aside }, { x: x + BOX.width, y: y + aside }]), { x: b.x - 3, y: b.y }];
    let path = `M${a.x} ${a.y}`;
    for (let i = 0; i < points.length; i += 2) {
      const p = points[i], q = points[i + 1], bend = (q.x - p.x) / 2;
      path += `C${p.x + bend} ${p.y} ${q.x - bend} ${q.y} ${q.x} ${q.y}`;
      if (i + 2 < points.length) path += `L${points[i + 2].x} ${points[i + 2].y}`;
    }
    const late = total > arriving, [p, q] = late ? points.slice(-2) : points;
    return { path, x: late ? q.x - 16 : p.x + 12, anchor: late ? 'end' : 'start', a: p, b: q, bend: (q.x - p.x) / 2 };
  }
  const right = wire.to.x + BOX.width + 3;
  if (wire.to.x === wire.from.x) return { path: `M${a.x} ${a.y}C${a.x + 70} ${a.y} ${right + 67} ${b.y} ${right} ${b.y}`, x: a.x + 60, y: (a.y + b.y) / 2 };
  const left = wire.from.x;
  return { path: `M${left} ${a.y}C${left - 90} ${a.y} ${right + 90} ${b.y} ${right} ${b.y}`, x: (left + right) / 2, y: (a.y + b.y) / 2 };
}

// The height of a curve at some x: its t is found by halving.
function heightAt(place) {
  if (place.y !== undefined) return place.y;
  const { a, b, bend } = place, at = (t, p, q, r, s) => (1 - t) ** 3 * p + 3 * t * (1 - t) ** 2 * q + 3 * t * t * (1 - t) * r + t ** 3 * s;
  let low = 0, high = 1;
  for (let i = 0; i < 20; i++) {
    const t = (low + high) / 2;
    if (at(t, a.x, a.x + bend, b.x - bend, b.x) < place.x) low = t; else high = t;
  }
  return at(low, a.y, a.y, b.y, b.y);
}

function wireLabel(wire) {
  const words = [...wire.services].sort((x, y) => y[1] - x[1] || compare(x[0], y[0])).map(([word]) => word);
  const listed = words.slice(0, 2).join(', ') + (words.length > 2 ? ` +${words.length - 2}` : '');
  return shorten(clean((wire.deny ? '\u2298 ' : '') + (wire.flows.size > 1 ? `${wire.flows.size}: ` : '') + listed), 26);
}

function drawWire(wire, place, select) {
  const width = Math.min(5.5, 1.3 + 0.5 * Math.log2(wire.flows.size));
  const label = `${nodeLabel(wire.from)} \u2192 ${nodeLabel(wire.to)}`;
  const all = `${wire.deny ? 'denied: ' : ''}${label}: ${count(wire.flows.size, 'flow')}, ${[...wire.services.keys()].slice(0, 12).join(', ')}`;
  const key = `${wire.from.key} ${wire.to.key} ${wire.deny}`;
  const act = () => select(wire.flows, label, key);
  return draw(`g.wire${wireKind(wire)}`, {
    tabindex: '0', role: 'button', 'aria-label': all, 'data-key': key, 'data-from': wire.from.key, 'data-to': wire.to.key, click: act,
    keydown: (event) => { if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); act(); } },
    mouseenter: () => lightWire(key, true), mouseleave: () => lightWire(key, false), focus: () => lightWire(key, true), blur: () => lightWire(key, false),
  }, draw('title', {}, all), draw('path.line', { d: place.path, 'stroke-width': width, 'marker-end': `url(#${wire.deny ? 'end-deny' : wire.outside ? 'end-outside' : 'end-allow'})` }),
  draw('path.hit', { d: place.path }));
}

const wireKind = (wire) => (wire.deny ? '.deny' : wire.outside ? '.outside' : '');

// Labels are above all wires.
function drawLabel(wire, place) {
  return draw(`text.label${wireKind(wire)}`, { x: place.x, y: place.labelY, 'text-anchor': place.anchor || 'middle', 'data-wire': `${wire.from.key} ${wire.to.key} ${wire.deny}`, 'data-from': wire.from.key, 'data-to': wire.to.key }, wireLabel(wire));
}

function marker(id, colour) {
  const arrow = draw('path', { d: 'M0 0L9 4.5L0 9z' });
  arrow.style.fill = `var(${colour})`;
  return draw('marker', { id, viewBox: '0 0 9 9', refX: 8, refY: 4.5, markerWidth: 9, markerHeight: 9, markerUnits: 'userSpaceOnUse', orient: 'auto' }, arrow);
}

// Labels that would lie upon each other move down.
function placeLabels(places, wires) {
  const taken = [];
  places.forEach((place, i) => {
    const width = wireLabel(wires[i]).length * 6.4;
    const left = place.anchor === 'start' ? place.x : place.anchor === 'end' ? place.x - width : place.x - width / 2;
    const meets = (t) => left < t.right && t.left < left + width && Math.abs(t.y - y) < 13;
    let y = heightAt(place) - 4;
    while (taken.some(meets)) y += 13;
    taken.push({ left, right: left + width, y });
    place.labelY = y;
  });
}

function light(key) {
  const svg = byId('map-box').querySelector('svg');
  if (!svg) return;
  svg.classList.toggle('lit', key !== null);
  svg.querySelectorAll('.wire, .label').forEach((wire) => wire.classList.toggle('lit', key !== null && (wire.dataset.from === key || wire.dataset.to === key)));
}

function lightWire(key, lit) {
  byId('map-box').querySelectorAll('.label').forEach((label) => { if (label.dataset.wire === key) label.classList.toggle('lit', lit); });
}

function frames(blocks) {
  return [...blocks.values()].filter((block) => block.open).map((block) => {
    const top = Math.min(...block.nodes.map((n) => n.y)) - BOX.frame, x = block.nodes[0].x - 10;
    const close = () => { opened.delete(block.group.key); showMap(block.key); };
    return draw('g.node', { tabindex: '0', role: 'button', 'data-key': block.key, 'aria-label': `close ${block.group.label}`, click: close,
      keydown: (event) => { if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); close(); } } },
    draw('rect.frame', { x, y: top, width: BOX.width + 20, height: BOX.frame + block.nodes.length * (BOX.height + BOX.gap), rx: 10 }),
    draw('text', { x: x + 10, y: top + 18 }, shorten('\u2212 ' + clean(block.group.label), 25)));
  });
}

// Goes on where the keyboard was: at the node that was closed, or the first of those that were opened.
function focusNode(box, key) {
  const found = [...box.querySelectorAll('[data-key]')].find((e) => e.dataset.key === key || e.dataset.key.startsWith(key.replace(/[<>]$/, '') + '/'));
  found?.focus({ preventScroll: true });
  found?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}

// In layers, where they fit into the width and stay readable, else sources beside destinations.
function layOut(list, room) {
  for (const sided of [false, true]) {
    const lane = sided ? Math.max(100, Math.min(2 * BOX.lane, room - 2 * BOX.width - 88)) : BOX.lane;
    const { nodes, wires: all } = gather(list, sided), wires = limitMembers(nodes, all), placed = arrange(nodes, wires, lane);
    if (sided || placed.width * SCALE_LEAST <= room) return { nodes, wires, ...placed };
  }
  return null;
}

function showMap(focused) {
  const box = byId('map-box'), list = visible.filter(isLive);
  const { nodes, wires, blocks, width, height } = layOut(list, box.clientWidth - 20);
  const drawn = [...wires.values()].sort((a, b) => b.flows.size - a.flows.size || compare(a.from.key + a.to.key, b.from.key + b.to.key));
  const out = new Map(), into = new Map(), tell = (map, key) => { map.set(key, (map.get(key) || 0) + 1); return map.get(key) - 1; };
  drawn.sort((a, b) => a.to.y - b.to.y).forEach((wire) => { wire.number = tell(out, wire.from.key); });
  [...drawn].sort((a, b) => a.from.y - b.from.y).forEach((wire) => { wire.slot = tell(into, wire.to.key); });
  const places = drawn.map((wire) => wirePath(wire, wire.number, out.get(wire.from.key), into.get(wire.to.key)));
  placeLabels(places, drawn);
  const select = (chosen, label, key) => {
    setFilter({ pair: { flows: chosen, label } });
    box.querySelectorAll('.chosen').forEach((e) => e.classList.remove('chosen'));
    box.querySelectorAll(`[data-key="${CSS.escape(key)}"]`).forEach((e) => e.classList.add('chosen'));
  };
  const level = (wire) => (wire.deny ? 2 : wire.outside ? 1 : 0), order = drawn.map((_, i) => i).sort((a, b) => level(drawn[a]) - level(drawn[b]));
  const scale = Math.max(SCALE_LEAST, Math.min(1, (box.clientWidth - 20) / width));
  const svg = draw(`svg${drawn.length > 70 ? '.many' : ''}`, { viewBox: `0 0 ${width} ${height}`, width: Math.round(width * scale), height: Math.round(height * scale), role: 'group', 'aria-label': 'Map' },
    draw('defs', {}, marker('end-allow', '--allow'), marker('end-outside', '--outside'), marker('end-deny', '--bad')),
    draw('text.column', { x: 24, y: 18 }, 'sources'), draw('text.column', { x: width - 40, y: 18, 'text-anchor': 'end' }, 'destinations'),
    frames(blocks), order.map((i) => drawWire(drawn[i], places[i], select)), drawn.map((wire, i) => drawLabel(wire, places[i])), [...nodes.values()].map((node) => drawNode(node, select)));
  box.replaceChildren(list.length ? svg : make('p.muted', {}, 'No flow is shown.'));
  byId('map-note').textContent = `${count(list.length, 'flow')} between ${count(nodes.size, 'node')}. A click on + opens a group, one on a line or an end lists its flows below.` +
    (drawn.length > 70 ? ' Services are shown where the pointer is.' : '');
  byId('close-all').hidden = opened.size === 0;
  if (focused) focusNode(box, focused);
}

function startMap() {
  fillTags();
  const offered = GROUPINGS.filter(([value]) => value !== 'zones' || zones.length);
  byId('group').append(...offered.map(([value, text]) => make('option', { value }, text)));
  byId('group').value = grouping;
  byId('group').addEventListener('change', () => { grouping = byId('group').value; opened.clear(); showMap(); });
  byId('close-all').addEventListener('click', () => { opened.clear(); showMap(); });
}

// ---- zones and assertions -----------------------------------------------------------------------

const inZone = (list, zone) => list.some((i) => ends[i].zones.includes(zone));
function zoneFlows(from, to) {
  return new Set(flows.filter((f) => isLive(f) && inZone(f.source, from) && inZone(f.destination, to)).map((f) => f.number));
}

function zoneCell(item, broken) {
  const from = zones[item.from], to = zones[item.to], label = `${from.name} \u2192 ${to.name}`;
  const passes = item.allows > 0, wrong = broken.get(`${from.name} -> ${to.name}`);
  const unlisted = data.matrix && item.from !== item.to && item.services === null && passes && wrong !== 'broken';
  const matrix = data.assertions.find((a) => a.kind === 'matrix'), said = matrix?.verdict;
  // Findings are kept up to a number: what has none of them may still be broken.
  const untold = item.services !== null && passes && !wrong && matrix?.more;
  const kind = wrong === 'broken' || (unlisted && said === 'broken') ? 'broken' : untold ? 'untold' : passes ? (from.rest ? 'outside' : 'open') : 'shut';
  const words = [];
  if (wrong) words.push(wrong !== 'broken' ? '? unknown' : item.services === null && item.from !== item.to ? '\u2715 not listed' : '\u2715 more than listed');
  if (untold) words.push('? too many findings to tell');
  if (item.services !== null) words.push('may: ' + item.services);
  if (unlisted && !wrong) words.push(said === 'broken' ? '\u2715 not listed' : 'not listed, and denied');
  const tally = `${passes ? count(item.allows, 'flow') : ''}${item.denies ? `${passes ? ', ' : ''}${count(item.denies, 'deny').replace('denys', 'denies')}` : ''}`;
  if (!tally) return make(`td.${kind}`, {}, words.length ? words.join('; ') : item.from === item.to ? '\u2013' : '\u2298 nothing', item.services !== null ? make('small', {}, 'no flow') : null);
  return make(`td.${kind}`, {}, make('button', { type: 'button', 'aria-label': `${label}: ${tally}`, click: () => setFilter({ text: '', show: 'all', tag: '', owner: '', target: '', pair: { flows: zoneFlows(item.from, item.to), label } }, 'flows') },
    tally, words.map((word) => make('small', {}, word))));
}

function showZones() {
  if (!zones.length) {
    byId('zones-box').append(make('p.muted', {}, 'The policy has no zones. With the keys zones and matrix it says which parts of the network may talk to which.'));
    return;
  }
  const broken = new Map();
  for (const a of data.assertions) if (a.kind === 'matrix') for (const f of a.findings) if (f.zones && broken.get(f.zones) !== 'broken') broken.set(f.zones, f.verdict);
  const rows = zones.map((zone, i) => make('tr', {}, make('th', { scope: 'row', title: [...zone.members, ...zone.except.map((e) => 'not ' + e)].join(', ') }, zone.name, zone.rest ? ' (all else)' : ''),
    data.cells.slice(i * zones.length, (i + 1) * zones.length).map((item) => zoneCell(item, broken))));
  byId('zones-box').append(make('p.muted', {}, `From the zone of the row to the zone of the column.${data.matrix ? ' "may" is what the matrix lists; what it does not list must not pass.' : ' The policy has no matrix.'} A flow of several zones counts in each.`),
    make('div.scroll', { tabindex: '0', role: 'group', 'aria-label': 'Matrix of the zones' }, make('table.matrix', {}, make('thead', {}, make('tr', {}, make('th', { scope: 'col' }, 'from \\ to'), zones.map((zone) => make('th', { scope: 'col' }, zone.name)))), make('tbody', {}, rows))));
}

const flowLink = (name) => (flowNamed.has(name) ? make('button.link', { type: 'button', click: () => openFlow(flowNamed.get(name)) }, name) : code(name));

function breach(finding) {
  return make('li', {}, code(finding.witness ?? 'some packets'), finding.zones ? ` (${finding.zones})` : '', ': ', finding.reason,
    finding.names ? `: ${finding.names}` : '', finding.flow ? [' \u2013 ', flowLink(finding.flow), ' ', make('span.muted', {}, place(finding.file, finding.line))] : '');
}

function showAssertions() {
  const order = { broken: 0, unknown: 1, holds: 2 };
  const list = [...data.assertions].sort((a, b) => order[a.verdict] - order[b.verdict]);
  byId('assertions-box').append(make('h3', {}, 'Assertions'));
  if (!list.length) byId('assertions-box').append(make('p.muted', {}, 'There are none: nothing says what must never pass.'));
  else byId('assertions-box').append(longList(list, (a) => make('li', {}, badge(a.verdict), ' ', make('b', {}, a.id), a.kind === a.id ? '' : ` (${a.kind})`, a.because ? `: ${a.because}` : '', ' ',
    make('span.muted', {}, place(a.file, a.line)), a.findings.length ? make('ul', {}, a.findings.map(breach), a.more ? make('li', {}, 'There may be more.') : null) : null)));
}

// ---- flows --------------------------------------------------------------------------------------

const shownTargets = () => (filter.target === '' ? targets.map((_, i) => i) : [Number(filter.target)]);
const gridOf = (list) => `${list.length > 8 ? '180px 104px 270px 120px 104px 104px' : '220px 108px 400px 190px 130px 112px'} ${list.length === 1 ? '110px' : `repeat(${list.length}, 26px)`}`;
function setGrid(row, list) {
  row.style.gridTemplateColumns = gridOf(list);
  row.style.setProperty('--targets', list.length);
}
const view = { rows: null, first: 0, last: 0, focus: 0 };

function titles(list) {
  const head = (text, key) => make('button', { type: 'button', 'aria-label': `sort by ${text}`, click: () => { sorted = { key, turn: sorted.key === key ? -sorted.turn : 1 }; update(true); } },
    text + (sorted.key === key ? (sorted.turn > 0 ? ' \u25b2' : ' \u25bc') : ''));
  const row = make('div.grid.titles', { role: 'row', 'aria-rowindex': '1' }, [['flow', 'name'], ['action', 'action'], ['source \u2192 destination', 'from'], ['service', 'service'], ['owner', 'owner'], ['last day', 'expires']].map(([text, key]) => make('div', { role: 'columnheader' }, head(text, key))),
    list.map((t) => make(`div${list.length > 1 ? '.up' : ''}`, { role: 'columnheader', title: targets[t].name }, shorten(clean(targets[t].name), 22))));
  setGrid(row, list);
  return row;
}

function flowRow(flow, i, list) {
  const part = (what, title, ...content) => make(what, { role: 'cell', title }, ...content);
  const action = flow.action === 'deny' ? part('div.denied', 'a deny', '\u2298 deny') : isOutside(flow) ? part('div.from-outside', 'it lets the Internet in', '\u25c9 internet') : part('div', '', 'allow');
  const row = make(`div.grid.row${flow.expired ? '.gone' : ''}`, { role: 'row', tabindex: i === view.focus ? '0' : '-1', 'aria-rowindex': i + 2, 'data-row': i, click: () => openFlow(flow) },
    part('div', flow.name, flow.name), action, part('div.route', `${flow.from} \u2192 ${flow.to}`, flow.from, make('b', {}, ' \u2192 '), flow.to), part('div', flow.service, list.length > 8 ? flow.service.split(' (')[0] : flow.service), part('div', flow.owner ?? '', flow.owner ?? '\u2013'),
    part('div', flow.days !== null ? `${flow.days} days left` : '', flow.expires ?? ''),
    list.map((t) => { const word = flow.verdicts[t].fidelity; return part(`div.cell.${word}`, `${targets[t].name}: ${word}`, list.length === 1 ? word : FIDELITIES[word][0], list.length === 1 ? null : ''); }));
  setGrid(row, list);
  row.style.top = `${i * ROW}px`;
  return row;
}

// Only the rows that are in sight are there.
function renderRows(all) {
  const box = byId('flows-box'), list = shownTargets();
  const first = all ? 0 : Math.max(0, Math.floor(box.scrollTop / ROW) - 12);
  const last = all ? Math.min(visible.length, PRINTED_MOST) : Math.min(visible.length, first + Math.ceil(box.clientHeight / ROW) + 30);
  const held = document.activeElement?.dataset?.row;
  view.first = first;
  view.last = last;
  view.rows.replaceChildren(...visible.slice(first, last).map((flow, k) => flowRow(flow, first + k, list)));
  if (held !== undefined) view.rows.querySelector(`[data-row="${view.focus}"]`)?.focus({ preventScroll: true });
}

function showFlows() {
  const box = byId('flows-box'), list = shownTargets();
  view.focus = 0;
  view.rows = make('div.rows', { role: 'rowgroup' });
  view.rows.style.height = `${visible.length * ROW}px`;
  const whole = make('div', { role: 'table', 'aria-label': 'Flows', 'aria-rowcount': visible.length + 1 }, make('div', { role: 'rowgroup', }, titles(list)), view.rows);
  whole.style.width = 'max-content';
  whole.style.minWidth = '100%';
  const head = whole.firstChild;
  head.style.position = 'sticky';
  head.style.top = '0';
  head.style.zIndex = '2';
  box.replaceChildren(visible.length ? whole : make('p.muted', {}, 'No flow is like this.'));
  const strut = make('div.grid', { 'aria-hidden': 'true' }, ...Array.from({ length: 6 + list.length }, () => make('div')));
  setGrid(strut, list);
  if (visible.length) view.rows.after(strut);
  box.scrollTop = 0;
  renderRows();
}

function moveTo(row) {
  const box = byId('flows-box'), to = Math.max(0, Math.min(visible.length - 1, row)), top = to * ROW, head = view.rows.previousSibling.offsetHeight;
  view.focus = to;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + ROW + head > box.scrollTop + box.clientHeight) box.scrollTop = top + ROW + head - box.clientHeight;
  renderRows();
  view.rows.querySelector(`[data-row="${to}"]`)?.focus({ preventScroll: true });
}

function startFlows() {
  const box = byId('flows-box');
  box.addEventListener('scroll', () => {
    const first = Math.floor(box.scrollTop / ROW), last = first + Math.ceil(box.clientHeight / ROW);
    if (first < view.first || last > view.last || (first < view.first + 4 && view.first > 0) || (last > view.last - 4 && view.last < visible.length)) renderRows();
  });
  box.addEventListener('keydown', (event) => {
    const page = Math.max(1, Math.floor(box.clientHeight / ROW) - 3), at = event.target.dataset?.row;
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity }[event.key];
    if (at === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === 'Enter' || event.key === ' ') openFlow(visible[Number(at)]);
    else if (step !== undefined) moveTo(Number(at) + step);
    else return;
    event.preventDefault();
  });
  const present = new Set(flows.flatMap((flow) => [...flow.words]));
  byId('fidelity-legend').append(...Object.entries(FIDELITIES).filter(([word]) => present.has(word)).flatMap(([word, [letter, what]]) => [make(`span.cell.${word}`, { title: what }, letter), make('span', { title: what }, word)]));
}

// ---- one flow -----------------------------------------------------------------------------------

function endText(i) {
  const end = ends[i], parts = [end.members.slice(0, 40).join(', ') + (end.members.length > 40 ? ` +${end.members.length - 40} more` : ''), end.except.length ? 'not ' + end.except.slice(0, 40).join(', ') : '', ...end.bindings, end.description ?? ''].filter(Boolean);
  const zone = end.zones.length && end.kind !== 'any' ? ` [${end.zones.map((z) => zones[z].name).join(', ')}${end.unknown ? ', and not known' : ''}]` : '';
  return make('div', {}, code(end.name), zone, parts.length ? make('span.muted', {}, ' \u2013 ' + parts.join('; ')) : null);
}

function ruleLines(verdict) {
  const byFile = new Map();
  for (const number of verdict.rules) {
    const rule = data.rules[number], name = data.files[rule.file].name;
    if (!byFile.has(name)) byFile.set(name, []);
    byFile.get(name).push(rule);
  }
  return [...byFile].map(([name, rules]) => {
    const text = (list) => list.map((rule) => `${String(rule.line).padStart(5)}  ${clean(rule.text)}`).join('\n');
    const pre = make('pre', {}, text(rules.slice(0, LISTED)));
    const more = rules.length > LISTED ? make('button', { type: 'button', click: () => { pre.textContent = text(rules); more.remove(); } }, `Show all ${rules.length} lines`) : null;
    return make('div', {}, code(name), pre, more);
  });
}

function verdictRow(flow, t) {
  const verdict = flow.verdicts[t], lines = verdict.rules.length;
  return make('li', {}, badge(verdict.fidelity), ' ', make('b', {}, targets[t].name), make('span.muted', {}, ` ${targets[t].backend}`),
    verdict.reason !== null ? `: ${data.reasons[verdict.reason]}` : '', lines ? lazyDetails(count(lines, 'line'), () => ruleLines(verdict), shownTargets().length === 1 || targets.length <= 3) : null);
}

function lazyDetails(title, content, open) {
  const whole = make('details', {}, make('summary', {}, title));
  const load = () => { if (whole.children.length === 1) whole.append(...content()); };
  whole.addEventListener('toggle', load);
  whole.load = load;
  if (open) { load(); whole.open = true; }
  return whole;
}

function openFlow(flow) {
  const dialog = byId('detail'), list = targets.map((_, t) => t);
  const away = list.filter((t) => flow.verdicts[t].fidelity === 'out-of-scope'), own = list.filter((t) => !away.includes(t));
  const fact = (name, value) => (value ? [make('dt', {}, name), make('dd', {}, value)] : []);
  const findings = data.findings.filter((f) => f.flow === flow.name);
  dialog.replaceChildren(
    make('div.head', {}, make('h2', { id: 'detail-title' }, flow.name), make('button', { type: 'button', click: () => dialog.close() }, 'Close (Esc)')),
    make('p', {}, badge(flow.action), ' ', flow.expired ? badge('expired') : '', isOutside(flow) ? badge('from the Internet', 'internet') : '', flow.log ? ' logged' : ''),
    make('dl', {}, make('dt', {}, 'source'), make('dd', {}, flow.source.map(endText)), make('dt', {}, 'destination'), make('dd', {}, flow.destination.map(endText)), fact('service', flow.service),
      fact('purpose', flow.purpose), fact('owner', flow.owner), fact('ticket', flow.ticket), fact('tags', flow.tags.join(', ')), fact('volume', flow.volume), fact('frequency', flow.frequency),
      fact('last day', flow.expires ? flow.expires + (flow.days === null ? '' : ` (${flow.days} days left)`) : null), fact('line', place(flow.file, flow.line))),
    findings.length ? make('div', {}, make('h3', {}, 'Findings'), make('ul.plain', {}, findings.map(findingItem))) : '',
    own.length ? make('div', {}, make('h3', {}, 'Targets'), make('ul.plain', {}, own.map((t) => verdictRow(flow, t)))) : '',
    away.length ? lazyDetails(`${count(away.length, 'target')} out of scope`, () => [make('ul.plain', {}, away.map((t) => verdictRow(flow, t)))]) : '');
  dialog.showModal();
  dialog.scrollTop = 0;
}

// ---- the other lists ----------------------------------------------------------------------------

function findingItem(f) {
  return make('li', {}, badge(f.reason === null ? f.severity : 'accepted', f.reason === null ? f.severity : 'none'), ' ', code(f.id), ' ', f.message, f.hint ? make('span.muted', {}, ` \u2013 ${f.hint}`) : '',
    f.reason !== null ? ` (accepted: ${f.reason})` : '', ' ', f.flow ? [flowLink(f.flow), ' '] : '', make('span.muted', {}, place(f.file, f.line)));
}

// Findings of one kind that are very many are one item, which opens.
const KIND_MOST = 4;
function byKind(list) {
  const kinds = new Map();
  for (const f of list) kinds.set(f.id, [...(kinds.get(f.id) || []), f]);
  return [...kinds.values()].flatMap((same) => (same.length <= KIND_MOST ? same : [{ same }]));
}
function kindItem(f) {
  if (!f.same) return findingItem(f);
  const [first] = f.same, title = make('span', {}, badge(first.severity), ' ', code(first.id), ` ${count(f.same.length, 'finding')}, such as: ${first.message}`);
  return make('li', {}, lazyDetails(title, () => [longList(f.same, findingItem)]));
}

function showFindings() {
  const rank = { error: 0, warning: 1, note: 2 };
  const open = data.findings.filter((f) => f.reason === null).sort((a, b) => rank[a.severity] - rank[b.severity]);
  const accepted = data.findings.filter((f) => f.reason !== null), box = byId('findings-box');
  box.append(open.length ? longList(byKind(open), kindItem) : make('p.good', {}, '\u2713 There is nothing to look at.'));
  if (accepted.length) box.append(lazyDetails(`${count(accepted.length, 'finding')} that the policy accepts`, () => [longList(accepted, findingItem)]));
}

function showExpiries() {
  const list = flows.filter((f) => f.expires !== null).sort((a, b) => compare(a.owner ?? '', b.owner ?? '') || compare(a.expires, b.expires) || a.number - b.number);
  const never = flows.length - list.length;
  byId('expiries-box').append(make('p.muted', {}, `${count(list.length, 'flow')} with a last day, ${never} without.`));
  if (list.length) byId('expiries-box').append(table(['owner', 'last day', 'days left', 'flow', 'ticket'], list, (f) => [cell(f.owner ?? '\u2013'), cell(f.expires), numeral(f.days),
    cell(flowLink(f.name), ' ', f.expired ? badge('expired') : isSoon(f) ? badge('soon', 'warning') : ''), cell(f.ticket ?? '\u2013')]));
}

function showPins() {
  if (!data.pins.length) {
    byId('pins-box').append(make('p.muted', {}, data.lock ? 'The lock file has no names.' : 'There is no lock file.'));
    return;
  }
  const uses = data.pins.map(() => 0);
  for (const flow of flows) for (const pin of new Set([...flow.source, ...flow.destination].flatMap((i) => ends[i].pins))) uses[pin]++;
  const list = data.pins.map((pin, i) => ({ ...pin, uses: uses[i] })).sort((a, b) => (b.days ?? Infinity) - (a.days ?? Infinity) || compare(a.name, b.name));
  if (data['example-lock']) byId('pins-box').append(make('p.warn', {}, 'The lock file says that its addresses are made up, for an example.'));
  byId('pins-box').append(table(['name', 'addresses', 'last seen', 'days ago', 'flows'], list, (p) => [cell(code(p.name)), numeral(p.addresses), cell(p.seen ?? '\u2013'), numeral(p.days), numeral(p.uses)]));
}

const SHARES = [['good', ['exact', 'native'], 'exact or native'], ['fair', ['pinned'], 'pinned'], ['warn', LOSSY, 'narrowed or widened'], ['bad', BAD, 'refused or unresolved']];
function targetShare(t) {
  const tally = SHARES.map(([, words]) => flows.filter((f) => words.includes(f.verdicts[t].fidelity)).length), sum = tally.reduce((a, b) => a + b, 0);
  const text = SHARES.map(([, , word], i) => (tally[i] ? `${tally[i]} ${word}` : '')).filter(Boolean).join(', ') || 'enforces no flow';
  return cell(make('div.share', { 'aria-hidden': 'true' }, SHARES.map(([kind], i) => { const part = make(`span.${kind}`); part.style.width = `${sum ? (100 * tally[i]) / sum : 0}%`; return part; })), text);
}

function showTargets() {
  const said = (target) => data.messages.filter((m) => m.target === target.name);
  if (!targets.length) byId('targets-box').append(make('p.muted', {}, 'The policy has no targets.'));
  else byId('targets-box').append(table(['target', 'backend', 'can be rendered', 'flows', 'passes besides', 'messages'], targets.map((target, t) => ({ target, t })), ({ target, t }) => [
    cell(make('button.link', { type: 'button', click: () => setFilter({ target: String(t) }, 'flows') }, target.name)), cell(target.backend, target.format ? `:${target.format}` : ''),
    make(`td.${target.rendered ? 'good' : 'bad'}`, {}, target.rendered ? '\u2713 yes' : `\u2715 no${target.problem ? ': ' + target.problem : ''}`), targetShare(t),
    cell(target.baseline ?? '\u2013', target.open ? make('div.warn', {}, `It closes nothing: ${target.open}`) : ''),
    cell(make('ul.plain', {}, said(target).slice(0, 20).map((m) => make('li', {}, code(m.id), ' ', m.message)), said(target).length > 20 ? make('li', {}, `and ${said(target).length - 20} more`) : null))]));
  const others = data.messages.filter((m) => !targets.some((t) => t.name === m.target));
  if (others.length) byId('targets-box').append(make('h3', {}, 'Other messages'), longList(others, (m) => make('li', {}, badge(m.severity), ' ', code(m.id), ' ', m.message)));
}

// ---- the page -----------------------------------------------------------------------------------

function startTheme() {
  const button = byId('theme'), words = ['auto', 'dark', 'light'];
  let kept = 'auto';
  try { kept = localStorage.getItem('flowrules-theme') ?? 'auto'; } catch { /* a file may have no storage */ }
  const apply = (word) => {
    kept = words.includes(word) ? word : 'auto';
    if (kept === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = kept;
    button.textContent = `Theme: ${kept}`;
    try { localStorage.setItem('flowrules-theme', kept); } catch { /* likewise */ }
  };
  button.addEventListener('click', () => apply(words[(words.indexOf(kept) + 1) % words.length]));
  apply(kept);
}

const KEYS = [['/', 'search'], ['t', 'theme'], ['m', 'to the map'], ['f', 'to the flows'], ['x', 'show all flows'], ['\u2191 \u2193, j k, PgUp PgDn, Home End', 'move among flows'], ['Enter', 'open a flow, a group or a line'], ['Esc', 'close'], ['?', 'this list']];
function showKeys() {
  const dialog = byId('detail');
  dialog.replaceChildren(make('div.head', {}, make('h2', { id: 'detail-title' }, 'Keys'), make('button', { type: 'button', click: () => dialog.close() }, 'Close (Esc)')),
    make('dl', {}, KEYS.map(([key, what]) => [make('dt', {}, code(key)), make('dd', {}, what)])));
  dialog.showModal();
}

function startKeys() {
  const focusFlows = () => { byId('flows').scrollIntoView({ block: 'start' }); view.rows?.querySelector('.row')?.focus({ preventScroll: true }); };
  const acts = { '/': () => { byId('search').focus(); byId('search').select(); }, t: () => byId('theme').click(), m: () => { byId('map').scrollIntoView(); byId('map-box').focus({ preventScroll: true }); }, f: focusFlows, x: clearAll, '?': showKeys };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || byId('detail').open) return;
    if (event.key === 'Escape' && document.activeElement === byId('search')) byId('search').blur();
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) || !acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  });
  byId('keys').addEventListener('click', showKeys);
  byId('print').addEventListener('click', () => window.print());
}

function startPrint() {
  window.addEventListener('beforeprint', () => {
    document.querySelectorAll('main details').forEach((details) => { details.load?.(); details.open = true; });
    lists.forEach((list) => list.showAll());
    renderRows(true);
    if (visible.length > PRINTED_MOST) view.rows.append(make('p', {}, `and ${visible.length - PRINTED_MOST} more, which report.csv has`));
  });
  window.addEventListener('afterprint', () => renderRows());
}

function start() {
  document.title = clean(`${data.title ?? data.file} \u2013 flowrules report`);
  byId('title').textContent = clean(data.title ?? 'A policy without a title');
  byId('about').append([data.description, data.file, data['as-of'] ? `as of ${data['as-of']}` : ''].filter(Boolean).map(clean).join(' \u00b7 '));
  startTheme();
  startFilters();
  startMap();
  startFlows();
  showSums();
  update();
  showZones();
  showAssertions();
  showTargets();
  showFindings();
  showExpiries();
  showPins();
  startKeys();
  startPrint();
  let width = window.innerWidth;
  window.addEventListener('resize', () => { if (width !== window.innerWidth) { width = window.innerWidth; showMap(); renderRows(); } });
  document.documentElement.dataset.ready = 'yes';
}

start();
})();
