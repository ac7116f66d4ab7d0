// Names, by the C library's resolver and by Node's own.
const dns = require('dns');

dns.lookup('localhost', { family: 4 }, (error, address) => {
  console.log('localhost', error ? error.code : address);
  dns.lookup('example.com', (lookup_error) => {
    console.log('example.com', lookup_error.code);
    dns.resolve4('example.com', (own_error) => console.log('own resolver', own_error.code));
  });
});
