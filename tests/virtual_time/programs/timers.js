// Timers for a day. timers.js UNIT
const unit = 1000 * Number(process.argv[2]);
let ticks = 0;
const interval = setInterval(() => {
  console.log('tick', ++ticks);
  if (ticks === 5) clearInterval(interval);
}, 600 * unit);
setTimeout(() => console.log('end'), 86400 * unit);
