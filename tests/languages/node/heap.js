// heap.js MEBIBYTES: keeps as much outside V8's heap, and a hundredth of it inside.
const blocks = [];
const objects = [];
const count = Number(process.argv[2]);
for (let i = 0; i < count; i++) {
  blocks.push(Buffer.alloc(1 << 20, 'x'));
  objects.push(new Array(1250).fill(i));
}
console.log(`${blocks.length} MiB, ${objects.length} arrays`);
