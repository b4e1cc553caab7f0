//! `jotgate demo` from outside: what it prints can be pasted, and does what it says.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use jotgate::listen::Address;

use crate::support::http::Request;
use crate::support::jotgate::command;
use crate::support::wait;

/// One test, because the demo's ports are fixed as long as nobody else has them.
#[test]
fn it_shows_what_it_says_beside_another_one_and_ends_well_at_ctrl_c() {
    let mut demo = Demo::start();
    let mut other = Demo::start();
    assert_ne!(demo.address("HTTP"), other.address("HTTP"));
    for demo in [&demo, &other] {
        its_curl_lines_do_what_they_say(demo);
    }
    for demo in [&mut demo, &mut other] {
        it_is_ready_and_ends_well_at_ctrl_c(demo);
    }
}

fn its_curl_lines_do_what_they_say(demo: &Demo) {
    let mut verdicts = Vec::new();
    for (passes, line) in demo.trials("curl -i") {
        let output = demo.paste(line);
        let status = output.lines().next().unwrap_or_default().to_owned();
        if passes {
            assert!(status.contains("200"), "{line}: {output}");
            assert!(output.contains("x-user-id: alice"), "{line}: {output}");
        } else {
            assert!(status.contains("401"), "{line}: {output}");
            assert!(
                output.contains("www-authenticate: Bearer realm="),
                "{line}: {output}"
            );
            assert!(output.contains("x-jotgate-reason: "), "{line}: {output}");
        }
        verdicts.push(passes);
    }
    assert_eq!(verdicts, [true, false, false, false]);
    for (_, line) in demo.trials("curl -s") {
        let output = demo.paste(line);
        assert!(output.contains("\"verdict\":\"ALLOW\""), "{line}: {output}");
    }
}

fn it_is_ready_and_ends_well_at_ctrl_c(demo: &mut Demo) {
    let admin = demo.address("admin");
    wait::until("the demo is ready", || {
        let answer = Request::get("/readyz").try_send(&admin).ok()?;
        (answer.status == 200).then_some(())
    });
    let interrupted = Command::new("kill")
        .args(["-INT", &demo.child.id().to_string()])
        .status();
    assert!(interrupted.expect("there is a kill command").success());
    let status = wait::until("the demo ends", || {
        demo.child.try_wait().expect("it is a child")
    });
    assert_eq!(status.code(), Some(0));
}

/// A running demo and what it printed.
struct Demo {
    child: Child,
    guide: String,
}

impl Demo {
    fn start() -> Self {
        let mut child = command()
            .arg("demo")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary runs");
        let stdout = child.stdout.take().expect("it is piped");
        let mut guide = String::new();
        for line in BufReader::new(stdout).lines() {
            let line = line.expect("UTF-8");
            let is_last = line.starts_with("Ctrl-C");
            guide += &line;
            guide.push('\n');
            if is_last {
                break;
            }
        }
        Self { child, guide }
    }

    /// The lines to paste that begin like this, and whether they are to pass.
    fn trials(&self, beginning: &str) -> impl Iterator<Item = (bool, &str)> {
        let lines = self.guide.lines().zip(self.guide.lines().skip(1));
        lines
            .filter(move |(_, line)| line.starts_with(beginning))
            .map(|(title, line)| (title.starts_with("# allow"), line))
    }

    /// What a shell prints that got the variables and `line`.
    fn paste(&self, line: &str) -> String {
        let is_variable = |line: &&str| {
            ["TOKEN=", "EXPIRED=", "TAMPERED="]
                .iter()
                .any(|name| line.starts_with(name))
        };
        let variables: Vec<_> = self.guide.lines().filter(is_variable).collect();
        assert_eq!(variables.len(), 3, "{}", self.guide);
        let script = format!("{}\n{line}", variables.join("\n"));
        let output = Command::new("sh")
            .args(["-c", &script])
            .output()
            .expect("there is a shell");
        let problems = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "is curl installed? {line}: {problems}"
        );
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    fn address(&self, listener: &str) -> Address {
        let line = self
            .guide
            .lines()
            .find(|line| line.trim_start().starts_with(listener));
        let address = line.and_then(|line| line.split_whitespace().nth(1));
        address
            .expect("it prints its addresses")
            .parse()
            .expect("an address")
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
