// What axe finds in the window as it is now.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright';

/** What axe finds, in words; only what it calls serious or critical. */
export async function problems(page: Page): Promise<string[]> {
  // Electron cannot open the second page in which axe likes to put its result together.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary ?? ''}`));
}
