/** The panel beside the player: headline, delay by stage, details. */

import { fillItems, fillList, make } from './elements.js';
import { details, headline, inWords, stages } from './figures.js';

/** @param player figures of this page's player, or undefined */
export function showFigures(panel, job, player) {
  if (job?.figures == null) {
    panel.replaceChildren(make('p', 'hint', 'No figures yet.'));
    return;
  }
  if (panel.querySelector('dl') === null) build(panel);
  fillItems(panel.querySelector('.reasons'), job.reasons.map(inWords));
  fillList(panel.querySelector('.tiles'), headline(job));
  const bar = panel.querySelector('.bar');
  const names = panel.querySelector('.stages');
  for (const { stage, ms, share } of stages(job)) {
    // A stage that takes next to nothing is seen as a thin line.
    bar.querySelector(`[data-stage=${stage}]`).style.flexGrow = String(Math.max(share, 0.004));
    names.querySelector(`[data-stage=${stage}] b`).textContent = `${Math.round(ms)} ms`;
  }
  fillList(panel.querySelector('.details'), details(job, player));
}

function build(panel) {
  const names = ['decode', 'pair', 'compose', 'encode'];
  const tagged = (node, stage) => {
    node.dataset.stage = stage;
    return node;
  };
  panel.replaceChildren(
    make('ul', 'reasons'),
    make('dl', 'tiles'),
    make('h2', '', 'Delay by stage'),
    make('div', 'bar', ...names.map((stage) => tagged(make('span', ''), stage))),
    make('ul', 'stages', ...names.map((stage) => tagged(make('li', '', stage, make('b', '')), stage))),
    make('dl', 'details'),
  );
  panel.querySelector('.bar').setAttribute('aria-hidden', 'true');
}
