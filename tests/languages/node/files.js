// Files and directories below /workspace and /tmp: promises, streams, compression.
const fs = require('fs/promises');
const path = require('path');
const zlib = require('zlib');
const { createReadStream, createWriteStream } = require('fs');
const { pipeline } = require('stream/promises');

async function main() {
  for (const place of ['/workspace', '/tmp']) {
    const tree = path.join(place, 'tree');
    await fs.mkdir(path.join(tree, 'a', 'b'), { recursive: true });
    await fs.writeFile(path.join(tree, 'a', 'first'), 'text\n'.repeat(100000));
    await fs.copyFile(path.join(tree, 'a', 'first'), path.join(tree, 'a', 'b', 'second'));
    await fs.rename(path.join(tree, 'a', 'first'), path.join(tree, 'third'));
    await fs.symlink('third', path.join(tree, 'link'));
    await fs.chmod(path.join(tree, 'third'), 0o600);
    await pipeline(createReadStream(path.join(tree, 'link')), zlib.createGzip(),
      createWriteStream(path.join(tree, 'packed')));
    const text = zlib.gunzipSync(await fs.readFile(path.join(tree, 'packed')));
    const names = (await fs.readdir(tree)).sort().join(' ');
    console.log(`${place}: ${names}, ${text.length} bytes`);
    await fs.rm(tree, { recursive: true });
  }
}

main();
