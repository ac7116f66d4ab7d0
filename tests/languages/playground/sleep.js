const start = Date.now()
console.log('It is', new Date().toISOString().slice(11, 16))
for (const minutes of [45, 7, 30, 120, 1]) {
  setTimeout(() => console.log(minutes, 'after', (Date.now() - start) / 60000), minutes * 60000)
}
