/**
 * What a developer at the utility would try: find a tensor, and ask it for its values.
 * Usage: node dist/scripts/story/ask-for-values.js BROKER-URL TAG
 */
import { connect } from '../../broker/sdk/connect.ts';

const [url = '', tag = ''] = process.argv.slice(2);
const grid = await connect(url);
const homes = await grid.search(tag);
const pointer = [...homes.values()].flat()[0];
try {
  if (pointer === undefined) throw new Error(`no tensor has the tag ${tag}`);
  console.log(`pointer.get() of ${pointer.home}/${pointer.id}:`);
  console.log(await pointer.get());
} catch (error) {
  const { code, message, remedy } = error as { code?: string; message: string; remedy?: string };
  console.log(`${code}: ${message}`);
  console.log(`What to do: ${remedy}`);
} finally {
  await grid.close();
}
