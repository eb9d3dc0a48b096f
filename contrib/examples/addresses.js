#!/usr/bin/env node
// Prints all addresses that can be used, each time that they change.
const net = require('net')
const path = process.env.KEV_SOCKET || '/run/kev/kev.sock'
const wanted = { op: 'subscribe', id: 1, netns: [''],
  topics: ['*/address-ready', '*/address-remove'] }
let usable = new Map(), coming = new Map(), cursor = null

const quoted = name => JSON.stringify(String(name)).replace(/[^ -~]/g,
  c => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'))

function take({ topic, ok, error, id, ifindex, ifname, snapshot, data }) {
  const key = `${ifindex} ${data?.address}`
  const text = `${data?.address} ${quoted(ifname)}`
  if (!topic && !ok) throw new Error('kevd refuses: ' + error.message)
  if (topic === 'kev/gap') console.error('events were lost: ' + data.cause)
  // A snapshot may follow; it counts when it is complete.
  if (!topic || topic === 'kev/gap') return coming.clear()
  if (snapshot) return coming.set(key, text)
  if (topic === 'kev/synced') [usable, coming] = [coming, new Map()]
  else if (topic.endsWith('/address-ready')) usable.set(key, text)
  else usable.delete(key)
  console.log([...usable.values()].sort().join(', '))
  cursor = id
}

function connect() {
  const socket = net.connect(path).setEncoding('utf8')
  const since = cursor ? { after: cursor } : { snapshot: true }
  let rest = ''
  socket.write(JSON.stringify({ ...wanted, ...since }) + '\n')
  socket.on('data', text => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()
    lines.forEach(line => take(JSON.parse(line)))
  })
  socket.on('error', error => console.error(error.message))
  socket.on('close', () => setTimeout(connect, 1000))
}
connect()
