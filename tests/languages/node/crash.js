// crash.js throw | reject | overflow | heap | exit: the usual ends of a Node.js program.
function depth(below) {
  return depth(below + 1) + 1;
}

const ends = {
  throw: () => { throw new Error('nobody catches this'); },
  reject: () => { Promise.reject(new Error('nobody catches this')); },
  overflow: () => depth(0),
  heap: () => {
    const kept = [];
    for (;;) {
      kept.push(new Array(1000).fill(kept.length));
    }
  },
  exit: () => process.exit(3),
};
ends[process.argv[2]]();
