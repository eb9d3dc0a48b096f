# What "ip -j" says ($addr, $route4, $route6), one interface a line.
def status:
  if .dadfailed then "duplicate"
  elif .optimistic then "optimistic"
  elif .tentative then "tentative"
  elif .deprecated then "deprecated"
  else "preferred" end;

# ip prints the number of a priority of 0 not at all, and that of IPv6 always. By
# some no packet leaves.
def hops($family):
  .[] | select(.type == null or .type == "unicast") | . as $r | (.nexthops // [.])[] |
  { dev, router: { family: $family, gateway: (.gateway // .via.host),
    metric: ($r.metric // 0), table: ($r.table // "main"),
    protocol: ($r.protocol // "boot") } };

([$route4[0] | hops("inet")] + [$route6[0] | hops("inet6")]) as $hops |
$addr[0] | sort_by(.ifindex)[] | select(.ifname != null) | . as $link |
{
  ifindex, ifname, mtu,
  operstate: ({ "LOWERLAYERDOWN": "lower-layer-down",
    "NOTPRESENT": "not-present" }[.operstate] // (.operstate | ascii_downcase)),
  lladdr: .address, kind: .linkinfo.info_kind, master,
  altnames: (.altnames // []),
  flags: ([.flags[] | select(. != "NO-CARRIER" and . != "M-DOWN") |
    ascii_downcase |
    sub("_"; "-")] | sort),
  up: (([.flags[] | select(. == "NO-CARRIER")] | length == 0) and
    ([.flags[] | select(. == "UP")] | length > 0) and
    (.operstate == "UP" or .operstate == "UNKNOWN")),
  addresses: ([.addr_info[] | select(.family != null) | {
    family, address: .local, prefixlen, peer: .address, broadcast,
    "label": .label,
    scope, status: status }] | sort),
  # Those that are one router; the first has made it.
  routers: ([$hops[] | select(.dev == $link.ifname) | .router] |
    group_by([.family, .gateway, .metric, .table]) | map(first) | sort)
}
