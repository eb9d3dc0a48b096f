# A line of "kevctl state" in the shape of kernel.jq.
{
  ifindex, ifname, mtu, operstate, lladdr, kind, master,
  altnames,
  flags: ([.flags[] | select(. != "running")] | sort),
  up: ([.flags[] | select(. == "running")] | length > 0),
  addresses: ([(.ipv4 + .ipv6)[] | {
    family, address, prefixlen, peer, broadcast, "label": .label, scope, status
  }] | sort),
  routers: ([.routers[] | { family, gateway, metric, table, protocol }] | sort)
}
