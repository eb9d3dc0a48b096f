// Prints all addresses that can be used, and where, each time that they change.
package main

import ("encoding/json"; "fmt"; "log"; "net"; "os"; "strings"; "time")

type line struct {
	Topic, ID, Ifname string
	Ifindex int
	Ok, Snapshot bool
	Data struct{ Address, Cause string }
	Error struct{ Message string }
}
var usable, coming, since = map[string]string{}, map[string]string{}, `"snapshot":true`

func take(l line) {
	key := fmt.Sprintf("%s %d", l.Data.Address, l.Ifindex)
	switch { // A snapshot counts when it is complete.
	case l.Topic == "" && !l.Ok: log.Fatal("kevd refuses: ", l.Error.Message)
	case l.Topic == "kev/gap": log.Print("events were lost: ", l.Data.Cause); fallthrough
	case l.Topic == "": coming = map[string]string{}; return
	case l.Topic == "kev/synced": usable, coming = coming, map[string]string{}
	case l.Snapshot: coming[key] = fmt.Sprintf("%+q", l.Ifname); return
	case strings.HasSuffix(l.Topic, "/address-ready"): usable[key] = fmt.Sprintf("%+q", l.Ifname)
	default: delete(usable, key)
	}
	since = fmt.Sprintf(`"after":%q`, l.ID)
	fmt.Println(usable)
}

func main() {
	path, found := os.LookupEnv("KEV_SOCKET")
	if !found { path = "/run/kev/kev.sock" }
	for ; ; time.Sleep(time.Second) {
		kevd, err := net.Dial("unix", path)
		if err != nil { log.Print(err); continue }
		fmt.Fprintf(kevd, `{"op":"subscribe","netns":[""],"topics":["*/address-ready","*/address-remove"],%s}`+"\n", since)
		for lines, l := json.NewDecoder(kevd), (line{}); lines.Decode(&l) == nil; l = (line{}) { take(l) }
		kevd.Close()
	}
}
