# What busctl prints of a bus, as what kevd says.

# Without the types.
def plain: walk(if type == "object" and keys == ["data", "type"] and
    (.type | type) == "string" then .data else . end);

def is($interface; $member):
  .type == "signal" and .interface == $interface and .member == $member;

# A signal of ours is an event.
def topic:
  (.interface[9:] | ascii_downcase) + "/" + (.member |
    gsub("(?<c>[A-Z])"; "-" + (.c | ascii_downcase)) | .[1:]);
def event:
  topic as $topic | .payload.data | [$topic] + (. | map(plain)) |
  { topic: .[0], data: .[2] } + .[3] +
    if .[1] == "" then {} else { ifname: .[1] } end;
def events: select(.type == "signal" and .sender != "org.freedesktop.DBus" and
  (.interface | startswith("org.kev1."))) | event;

# Objects as lines of "kevctl state"; lists in any order.
def lists: .ipv4 |= sort | .ipv6 |= sort | .routers |= sort | .nat64 |= sort;
def state: map(.["org.kev1.Interface"] | select(. != null) | plain |
  with_entries(.key |= ascii_downcase) | lists) | sort_by(.ifindex);

# What is not known is empty there.
def unknown: { kind: "", speed: 0, duplex: "", master: "", altnames: [],
  lladdr: "", quality: -1, carrier: false };
def nulls: if .prev then
  .prev |= with_entries(.value = (.value // unknown[.key])) else . end;

# Lines of "kevctl state" as the objects have them: lifetimes are left out, and
# what sd-bus takes for no character is replaced.
def expected: unknown + . |
  del(.ifname_hex) | del((.ipv4, .ipv6, .routers, .nat64)[] |
    .valid_lft, .preferred_lft, .lifetime) | lists |
  walk(if type == "string" then gsub("\ufffe"; "\ufffd") else . end);

# Who has asked once and follows what is said has the same as who asks again,
# each time; else what differs.
def follow: reduce .[] as $m ({ n: 0 };
  $m.payload.data as $p |
  if $m.type == "method_return" and $m.payload.type == "a{oa{sa{sv}}}" then
    if .all != null and .all != $p[0] and .bad == null then
      .bad = { followed: .all, asked: $p[0] } else . end |
    .all = $p[0] | .n += 1
  elif .all == null then .
  elif $m | is("org.freedesktop.DBus.ObjectManager"; "InterfacesAdded") then
    .all[$p[0]] += $p[1]
  elif $m | is("org.freedesktop.DBus.ObjectManager"; "InterfacesRemoved") then
    reduce $p[1][] as $i (.; del(.all[$p[0]][$i])) |
    if .all[$p[0]] == {} then del(.all[$p[0]]) else . end
  elif $m | is("org.freedesktop.DBus.Properties"; "PropertiesChanged") then
    if .all[$m.path] then .all[$m.path][$p[0]] += $p[1] else . end
  else . end);
