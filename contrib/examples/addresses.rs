//! Prints all addresses that can be used, each time that they change.
//! Needs nothing but the compiler: rustc --edition 2021 addresses.rs
use std::{collections::BTreeMap, env, io, io::BufRead, io::Write, mem, os::unix::net::UnixStream, process, thread, time};

/// A member as it stands in the JSON: no string has ," in it, but with a \.
fn member<'a>(line: &'a str, key: &str) -> &'a str {
    let rest = line.split_once(&format!("\"{key}\":")).map_or("", |(_, rest)| rest);
    rest.split(",\"").next().unwrap_or("").trim_end_matches(|c| c == '}' || c == '\n')
}

fn follow(path: &str, usable: &mut BTreeMap<String, String>, since: &mut String) -> io::Result<()> {
    let mut kevd = UnixStream::connect(path)?;
    writeln!(kevd, r#"{{"op":"subscribe","netns":[""],"topics":["*/address-ready","*/address-remove"],{since}}}"#)?;
    let (mut lines, mut line, mut coming) = (io::BufReader::new(kevd), String::new(), BTreeMap::new());
    while lines.read_line(&mut line)? > 0 && line.ends_with('\n') {
        let l = mem::take(&mut line);
        let (topic, address) = (member(&l, "topic").trim_matches('"'), member(&l, "address").trim_matches('"'));
        let key = format!("{} {address}", member(&l, "ifindex"));
        let text = format!("{address} {}", member(&l, "ifname").replace(|c: char| !c.is_ascii(), "?"));
        match topic { // A snapshot counts when it is complete.
            "" if member(&l, "ok") != "true" => { eprintln!("kevd refuses: {}", member(&l, "message")); process::exit(1) }
            "" => continue,
            "kev/gap" => { eprintln!("events were lost: {}", member(&l, "cause")); coming.clear(); continue }
            "kev/synced" => *usable = mem::take(&mut coming),
            _ if member(&l, "snapshot") == "true" => { coming.insert(key, text); continue }
            _ if topic.ends_with("/address-ready") => { usable.insert(key, text); }
            _ => { usable.remove(&key); }
        }
        println!("{}", usable.values().cloned().collect::<Vec<_>>().join(", "));
        *since = format!("\"after\":{}", member(&l, "id"));
    }
    Ok(())
}
fn main() {
    let path = env::var("KEV_SOCKET").unwrap_or("/run/kev/kev.sock".into());
    let (mut usable, mut since) = (BTreeMap::new(), "\"snapshot\":true".to_string());
    while { thread::sleep(time::Duration::from_secs(1)); true } {
        follow(&path, &mut usable, &mut since).unwrap_or_else(|error| eprintln!("{path}: {error}"));
    }
}
