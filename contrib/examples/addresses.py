#!/usr/bin/env python3
"""Prints all addresses that can be used, each time that they change."""
import asyncio, json, os, sys

path = os.environ.get("KEV_SOCKET", "/run/kev/kev.sock")
wanted = {"op": "subscribe", "id": 1, "netns": [""],
          "topics": ["*/address-ready", "*/address-remove"]}
usable, coming, cursor = {}, {}, None

def take(line):
    global usable, coming, cursor
    topic, data = line.get("topic"), line.get("data", {})
    key = line.get("ifindex"), data.get("address")
    text = f'{data.get("address")} {json.dumps(line.get("ifname"))}'
    if topic is None and not line["ok"]:
        sys.exit("kevd refuses: " + line["error"]["message"])
    if topic == "kev/gap":
        print("events were lost:", data["cause"], file=sys.stderr)
    if topic is None or topic == "kev/gap":
        return coming.clear()  # A snapshot may follow.
    if "snapshot" in line:
        return coming.update({key: text})
    if topic == "kev/synced": usable, coming = coming, {}
    elif topic.endswith("/address-ready"): usable[key] = text
    else: usable.pop(key, None)
    print(", ".join(sorted(usable.values())), flush=True)
    cursor = line["id"]

async def main():
    while True:
        try:
            reader, writer = await asyncio.open_unix_connection(path)
            since = {"after": cursor} if cursor else {"snapshot": True}
            writer.write(json.dumps({**wanted, **since}).encode() + b"\n")
            async for line in reader:
                if line.endswith(b"\n"): take(json.loads(line))
            writer.close()
        except OSError as error: print(error, file=sys.stderr)
        await asyncio.sleep(1)
asyncio.run(main())
